"""An engine that does not work, or that a restart would stop, is refused before its settings are touched."""

from __future__ import annotations

import pytest
from ansible.module_utils import preflight_engine as engine

OURS = {"userland-proxy": False, "live-restore": True, "log-driver": "json-file", "log-opts": {"max-size": "10m"}}
UNIT = ["/usr/sbin/dockerd", "-H", "fd://", "--containerd=/run/containerd/containerd.sock", "$DOCKER_OPTS"]
DOCKER = {"Components": [{"Name": "Engine"}, {"Name": "containerd"}]}
PODMAN = {"Components": [{"Name": "Podman Engine"}, {"Name": "Conmon"}]}
QUIET = {"DockerRootDir": "/var/lib/docker", "ContainersRunning": 0, "Swarm": {"LocalNodeState": "inactive"}}


def test_unit_of_the_distribution_collides_with_nothing():
    assert list(engine.settings_problems(OURS, {}, engine.flags(UNIT))) == []


@pytest.mark.parametrize(
    ("flag", "setting"),
    [
        ("--userland-proxy=true", "userland-proxy"),
        ("--live-restore", "live-restore"),
        ("--log-opt", "log-opts"),
        ("--log-driver=journald", "log-driver"),
    ],
)
def test_flag_that_the_settings_have_as_well_is_named(flag, setting):
    (problem,) = engine.settings_problems(OURS, {}, engine.flags([*UNIT, flag, "max-size=1m"]))
    assert problem.startswith(f"The engine is started with {flag}, and docker_daemon_settings has {setting} as well")


@pytest.mark.parametrize(("flag", "setting"), [("-H", "hosts"), ("--dns=1.1.1.1", "dns"), ("-g", "data-root")])
def test_flag_that_the_file_has_as_well_is_named(flag, setting):
    (problem,) = engine.settings_problems({}, {setting: []}, engine.flags([flag, "x"]))
    assert f"and /etc/docker/daemon.json has {setting} as well" in problem


@pytest.mark.parametrize(("settings", "words"), [({"userns-remap": "default"}, []), ({}, ["--userns-remap=default"])])
def test_mapped_users_are_refused(settings, words):
    (problem,) = engine.settings_problems(OURS, settings, engine.flags(words))
    assert "userns-remap" in problem


def test_options_file_of_debian_counts(tmp_path, monkeypatch):
    options = tmp_path / "docker"
    options.write_text('# DOCKER_OPTS="--dns 8.8.8.8"\nDOCKER_OPTS="--log-driver=journald --debug"\n')
    monkeypatch.setattr(engine, "OPTIONS_FILE", str(options))
    monkeypatch.setattr(engine, "PID_FILE", str(tmp_path / "none"))
    monkeypatch.setattr(engine, "unit_words", list)
    assert engine.flags(engine.started_with()) == {"log-driver": "--log-driver=journald", "debug": "--debug"}


def test_something_else_behind_the_socket_is_named():
    (problem,) = engine.foreign_problems(PODMAN)
    assert problem.startswith("Podman Engine, Conmon answers at /var/run/docker.sock, and is no Docker engine.")


def test_engine_from_elsewhere_is_not_joined_by_a_second_one(monkeypatch):
    monkeypatch.setattr(engine.shutil, "which", lambda _name, path: None)
    (problem,) = engine.foreign_problems(DOCKER)
    assert "no dockerd is in /usr/local/sbin" in problem
    assert "snap remove docker" in problem


def test_engine_of_the_distribution_is_fine():
    assert list(engine.running_problems(OURS, {}, engine.flags(UNIT), QUIET)) == []


@pytest.mark.parametrize("state", ["active", "pending", "locked"])
def test_swarm_does_not_go_with_live_restore(state):
    info = {**QUIET, "Swarm": {"LocalNodeState": state}}
    (problem,) = engine.running_problems(OURS, {}, {}, info)
    assert "part of a swarm" in problem
    assert list(engine.running_problems({"live-restore": False}, {}, {}, info)) == []


def test_rootless_engine_is_refused():
    (problem,) = engine.running_problems(OURS, {}, {}, {**QUIET, "SecurityOptions": ["name=seccomp", "name=rootless"]})
    assert "runs without root" in problem


@pytest.mark.parametrize(
    ("wanted", "settings", "words", "now", "refused"),
    [
        ({"data-root": "/srv/docker"}, {}, [], "/var/lib/docker", True),
        ({}, {"data-root": "/srv/docker"}, [], "/var/lib/docker", True),
        ({}, {}, [], "/srv/docker", True),
        ({"data-root": "/srv/docker"}, {}, [], "/srv/docker", False),
        ({}, {}, ["--data-root=/srv/docker"], "/srv/docker", False),
        ({}, {}, [], "/var/lib/docker", False),
    ],
)
def test_moved_data_root_is_refused_while_containers_run(wanted, settings, words, now, refused):
    info = {**QUIET, "DockerRootDir": now, "ContainersRunning": 2}
    problems = list(engine.running_problems(wanted, settings, engine.flags(words), info))
    assert [f"keeps its data in {now}" in problem for problem in problems] == [True] * refused
    assert list(engine.running_problems(wanted, settings, engine.flags(words), {**info, "ContainersRunning": 0})) == []
