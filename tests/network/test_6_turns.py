"""If a change stops servers on several hosts, it stops them on one host at a time, and a preview names them all."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import pairwise

import pytest
from scenario_host import Host, database_hosts, foreseen_and_made

pytestmark = pytest.mark.all_hosts
MEMORY = {"postgres_memory_mb": 640, "redis_memory_mb": 160}
# Sixteen kinds of changes, which come together in one run.
EVERYTHING = {
    **MEMORY,
    "postgres_settings": {"work_mem": "9MB", "max_connections": 130},
    "redis_settings": {"tcp-keepalive": 120, "databases": 9},
    "credentials_postgres_password": "another one",
    "credentials_redis_password": "another one",
    "postgres_statement_timeout_seconds": 77,
    "postgres_connection_limit": 70,
    "postgres_cpus": 1.5,
    "redis_application_permissions": ["+flushdb"],
    "docker_hold_enabled": False,
    "docker_daemon_settings": {"userland-proxy": False, "live-restore": True, "max-concurrent-downloads": 2},
    "client_host": "localhost",
    "tls_enabled": True,
    "postgres_port": 5433,
    "redis_port": 6380,
}
EVENTS = "/var/tmp/events"  # noqa: S108 - of a test host


@pytest.fixture
def deploy_all(deploy):
    """Return a function that deploys to all hosts of the scenario in one run."""

    def run(*arguments, **variables):
        return deploy("--limit", "postgres:redis", *arguments, **variables)

    return run


@pytest.fixture(scope="module", autouse=True)
def deployed(deploy):
    """Begin with hosts on which nothing is to do, because the earlier tests are about one host alone."""
    assert deploy("--limit", "postgres:redis").code == 0


@contextmanager
def outages():
    """Collect [begin, end, host] of each time that a server was stopped until it answered again, in nanoseconds.

    A server counts as answering when a health check succeeds, the engine's or a deployment's own.
    """
    hosts = [Host(name) for name in database_hosts()]
    watch = "docker events --filter container=jarvis-postgres --filter container=jarvis-redis"
    shape = "{{.TimeNano}} {{.Actor.Attributes.name}} {{.Action}} {{.Actor.Attributes.exitCode}}"
    for host in hosts:
        # The engine may restart meanwhile, which ends this command.
        again = f"rm -f {EVENTS}; while :; do {watch} --format '{shape}' >>{EVENTS}; sleep 0.2; done"
        host.run(f'systemd-run --collect --unit events sh -c "{again}"')
    found = []
    try:
        yield found
    finally:
        for host in hosts:
            host.run("systemctl stop events")
    for host in hosts:
        stopped = {}
        for time, container, action in (line.split(" ", 2) for line in host.out(f"cat {EVENTS}").splitlines()):
            if action.startswith("die "):
                stopped[container] = int(time)
            elif action == "exec_die 0" and container in stopped:
                found.append([stopped.pop(container), int(time), f"{host.name} {container}"])
        assert stopped == {}
    found.sort()


@pytest.mark.parametrize(
    ("change", "stops"),
    [
        # Redis takes its new limit while it runs.
        (MEMORY, 2),
        ({**MEMORY, "postgres_settings": {"max_connections": 120}, "redis_settings": {"databases": 8}}, 4),
        (EVERYTHING, 4),
        ({}, 4),
    ],
    ids=["new_container", "restart", "everything", "back"],
)
def test_servers_are_stopped_one_host_at_a_time_as_the_preview_says(deploy_all, change, stops):
    preview = deploy_all("--check", "--diff", **change)
    with outages() as found:
        real = deploy_all(**change)
    assert (preview.code, real.code) == (0, 0)
    for name in database_hosts():
        foreseen, made = foreseen_and_made(preview, real, name)
        assert foreseen == made != []
    assert len(found) == stops, found
    for earlier, later in pairwise(found):
        assert earlier[1] <= later[0], found


def test_server_that_does_not_come_back_ends_the_turns_where_all_or_nothing_is_wanted(deploy_all):
    hosts = [Host(name) for name in database_hosts()]
    before = [host.containers() for host in hosts]
    run = deploy_all(postgres_healthy_timeout_seconds=0, deploy_all_or_nothing=True, **MEMORY)
    after = [host.containers() for host in hosts]
    assert deploy_all().code == 0
    assert run.code == 2
    assert "not healthy within 0 s (postgres_healthy_timeout_seconds)" in run.text
    assert "jarvis-postgres is as it was: deploy_all_or_nothing is true, and" in run.text
    assert sorted(one == other for one, other in zip(before, after, strict=True)) == [False, True]
