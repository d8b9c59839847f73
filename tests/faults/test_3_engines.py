"""Unusual engines: one that new settings would stop is refused, and no engine stays stopped."""

from __future__ import annotations

import pytest

OURS = {"userland-proxy": False, "live-restore": True}
DROP_IN = "/etc/systemd/system/docker.service.d/flags.conf"
FLAG_OF_A_UNIT = f"""
mkdir -p $(dirname {DROP_IN})
echo '[Service]\nExecStart=' > {DROP_IN}
systemctl cat docker | sed -n 's/^ExecStart=.*/& --log-driver=journald/p' >> {DROP_IN}
systemctl daemon-reload
"""
SWARM = """
sed -i 's/"live-restore": true/"live-restore": false/' /etc/docker/daemon.json
systemctl reset-failed docker; systemctl restart docker
docker swarm init --advertise-addr 127.0.0.1
"""


def test_engine_that_does_not_start_gets_its_settings_back(deploy, host):
    assert deploy().code == 0
    before, settings = host.containers(), host.out("cat /etc/docker/daemon.json")
    run = deploy(docker_daemon_settings={**OURS, "storage-driver": "nonsense"})
    assert run.code == 2
    assert f"The engine did not start on {host.name}. Its settings were put back, and it runs again." in run.text
    assert "failed to start daemon: error initializing graphdriver: driver not supported" in run.text
    assert host.out("cat /etc/docker/daemon.json") == settings
    assert host.containers() == before
    # An old engine has to be made to go on with its health checks, once.
    assert deploy().code == 0
    run = deploy()
    assert (run.code, run.count("changed")) == (0, 0)


def test_engine_that_was_restarted_often_is_restarted_once_more(deploy, host):
    before = host.containers()
    # systemd allows three starts a minute.
    host.run("systemctl reset-failed docker; for n in 1 2 3; do systemctl restart docker; done")
    host.run("touch /etc/docker/daemon.json")
    assert deploy("--tags", "docker").code == 0
    assert host.containers() == before


def test_health_checks_go_on_after_a_restart_of_the_engine(deploy, host):
    last = "docker inspect --format '{{json .State.Health.Log}}' jarvis-postgres | md5sum"
    host.run("systemctl reset-failed docker; systemctl restart docker")
    assert deploy().code == 0
    before = host.out(last)
    host.run(f'for n in $(seq 30); do test "$({last})" = "{before}" || exit 0; sleep 1; done; exit 1')


def test_server_whose_start_the_engine_missed_is_not_waited_for_in_vain(deploy, host):
    host.run("systemctl reset-failed docker; docker restart jarvis-redis; systemctl restart docker")
    assert deploy().code == 0


@pytest.mark.parametrize(
    ("prepare", "undo", "added", "told"),
    [
        (
            FLAG_OF_A_UNIT,
            f"rm {DROP_IN}; systemctl daemon-reload",
            {},
            "The engine is started with --log-driver=journald, and docker_daemon_settings has log-driver as well",
        ),
        (
            "echo 'DOCKER_OPTS=\"--live-restore\"' >> /etc/default/docker",
            "sed -i '/^DOCKER_OPTS=/d' /etc/default/docker",
            {},
            "The engine is started with --live-restore, and docker_daemon_settings has live-restore as well",
        ),
        ("true", "true", {"userns-remap": "default"}, "The engine maps users (userns-remap)"),
        (
            "true",
            "true",
            {"data-root": "/srv/docker"},
            "The engine keeps its data in /var/lib/docker, and would keep it in /srv/docker (data-root). Its 2 running",
        ),
        (
            SWARM,
            "docker swarm leave --force",
            {},
            "The engine is part of a swarm, with which live-restore does not work",
        ),
    ],
    ids=["flag_of_a_unit", "flag_of_debian", "mapped_users", "moved_data_root", "swarm"],
)
def test_engine_that_new_settings_would_take_down_is_refused(deploy, host, prepare, undo, added, told):
    variables = {"docker_daemon_settings": {**OURS, "log-driver": "json-file", **added}}
    host.run(prepare)
    before = host.containers()
    runs = [deploy("--check", **variables), deploy(**variables)]
    after = host.containers()
    host.run(undo)
    for run in runs:
        assert run.code == 2
        assert f"Nothing was changed. This has to be mended first: - {told}" in run.text
    assert before == after


def test_engine_that_a_shell_of_the_host_means_is_not_deployed_to(deploy, host):
    host.run("docker context create elsewhere --docker host=tcp://127.0.0.1:1 && docker context use elsewhere")
    host.run("echo DOCKER_HOST=tcp://127.0.0.1:2 >> /etc/environment")
    run = deploy(postgres_memory_mb=520)
    host.run("docker context use default && docker context rm elsewhere; sed -i /^DOCKER_HOST=/d /etc/environment")
    assert run.code == 0
    assert host.out("docker inspect --format {{.HostConfig.Memory}} jarvis-postgres") == str(520 * 2**20)
    assert deploy().code == 0
