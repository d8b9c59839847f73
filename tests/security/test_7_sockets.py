"""Local applications have sockets: with their passwords, and nobody is the superuser there, whatever number it has."""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

import pytest

GATE = "/var/lib/jarvis/sockets"
ALL = ["DATABASE_SOCKET_URL", "DATABASE_READONLY_SOCKET_URL", "REDIS_SOCKET_URL"]
# Given addresses on standard input, one a line, prints what becomes of each.
LOG_IN = r"""
import sys
import psycopg2, redis
for url in sys.stdin.read().split():
    try:
        if url.startswith("unix:"):
            redis.Redis.from_url(url).ping()
        else:
            psycopg2.connect(url).close()
        print("accepted")
    except (psycopg2.OperationalError, redis.RedisError) as error:
        print(" ".join(str(error).split()))
"""
REFUSALS = {
    "wrong password": ("jarvis:wrong", 'FATAL: password authentication failed for user "jarvis"'),
    "superuser": ("postgres", 'FATAL: Peer authentication failed for user "postgres"'),
    "migrations": ("jarvis_migrator", 'FATAL: Peer authentication failed for user "jarvis_migrator"'),
    "owner": ("jarvis_owner:x", "FATAL: pg_hba.conf rejects connection"),
}


def as_somebody_else(address, login):
    """Return an address with another user, and perhaps password."""
    return address.replace(urlsplit(address).netloc, f"{login}@", 1)


@pytest.fixture(scope="session")
def log_in_as(host):
    """Return a function that logs in as a user of the host, and tells what becomes of each address."""

    def try_all(user, urls):
        command = f"runuser -u {user} -- python3 -c {shlex.quote(LOG_IN)}"
        return host.run(command, stdin="\n".join(urls)).stdout.splitlines()

    return try_all


@pytest.fixture(scope="module")
def own_numbers(host):
    """Return {server: user id that it runs as}."""
    pid = "docker inspect --format '{{.State.Pid}}' jarvis-"
    return {name: int(host.out(f"stat -c %u /proc/$({pid}{name})")) for name in ("postgres", "redis")}


@pytest.fixture(scope="module")
def users(host, own_numbers):
    """Make an application's user, a stranger, and users with the servers' numbers in the application's group."""
    made = {
        "application": "--groups jarvis",
        "stranger": "",
        "like-postgres": f"--non-unique --uid {own_numbers['postgres']} --gid jarvis",
        "like-redis": f"--non-unique --uid {own_numbers['redis']} --gid jarvis",
    }
    for name, options in made.items():
        host.run(f"useradd --no-create-home {options} {name}")
    yield
    for name in made:
        host.run(f"userdel --force {name}")


def test_application_logs_in_with_its_password(settings, log_in_as, users):
    assert log_in_as("application", [settings()[name] for name in ALL]) == ["accepted"] * 3


@pytest.mark.parametrize("refusal", REFUSALS)
def test_application_is_nobody_else_there(settings, log_in_as, users, refusal):
    login, answer = REFUSALS[refusal]
    (told,) = log_in_as("application", [as_somebody_else(settings()["DATABASE_SOCKET_URL"], login)])
    assert answer in told


def test_application_comes_to_no_other_database(settings, log_in_as, users):
    other = settings()["DATABASE_SOCKET_URL"].replace("/jarvis?", "/postgres?")
    (told,) = log_in_as("application", [other])
    assert "pg_hba.conf rejects connection" in told


@pytest.mark.parametrize("login", ["jarvis:wrong", "default:x"])
def test_redis_lets_nobody_in_without_a_password(settings, log_in_as, users, login):
    (told,) = log_in_as("application", [as_somebody_else(settings()["REDIS_SOCKET_URL"], login)])
    assert "invalid username-password pair or user is disabled" in told


def test_user_outside_of_the_group_does_not_come_to_the_sockets(settings, log_in_as, users):
    answers = log_in_as("stranger", [settings()[name] for name in ALL])
    assert ["Permission denied" in answer for answer in answers] == [True] * 3


@pytest.mark.parametrize("user", ["like-postgres", "like-redis"])
def test_user_with_a_servers_number_gains_nothing_by_the_group(host, settings, log_in_as, users, user):
    superuser = as_somebody_else(settings()["DATABASE_SOCKET_URL"], "postgres")
    answers = log_in_as(user, [superuser, *(settings()[name] for name in ALL)])
    assert ["Permission denied" in answer for answer in answers] == [True] * 4
    # Nor does it open the gate for itself, or put a socket of its own in the place of the server's.
    for attempt in (f"ls {GATE}", f"chmod 755 {GATE}", f"mv {GATE}/postgres /tmp/", f"touch {GATE}/redis/redis.sock"):
        done = host.run(f"runuser -u {user} -- {attempt}", check=False)
        assert done.returncode, attempt
        assert "Permission denied" in done.stderr or "Operation not permitted" in done.stderr


def test_administrator_needs_no_password_in_the_container_and_as_root(host):
    assert host.out("docker exec jarvis-postgres psql -U postgres -Atc 'SELECT current_user' jarvis") == "postgres"
    script = "import psycopg2; print(psycopg2.connect(host='/var/lib/jarvis/postgres/run', user='postgres').info.user)"
    assert host.out(f"python3 -c {shlex.quote(script)}") == "postgres"


def test_sockets_are_there_after_a_reboot(host, settings, log_in_as, users):
    host.run("docker kill jarvis-postgres jarvis-redis; docker start jarvis-postgres jarvis-redis")
    host.reboot()
    host.wait_until_healthy("jarvis-postgres", "jarvis-redis")
    assert log_in_as("application", [settings()[name] for name in ALL]) == ["accepted"] * 3
    (told,) = log_in_as("like-postgres", [as_somebody_else(settings()["DATABASE_SOCKET_URL"], "postgres")])
    assert "Permission denied" in told


def test_file_system_without_access_lists_is_refused_before_anything_is_changed(deploy, host):
    host.run(f"mount -t ramfs ramfs {GATE}")
    before = host.containers()
    run = deploy()
    host.run(f"umount {GATE}")
    assert run.code == 2
    for server in ("postgres", "redis"):
        assert f"The file system of {GATE}/{server} keeps no access lists" in run.text
    assert host.containers() == before


def test_sockets_are_taken_away_and_given_back(deploy, host, settings, log_in_as, users):
    before = settings()
    assert deploy(client_sockets_enabled=False).code == 0
    assert set(settings()) == {"DATABASE_URL", "DATABASE_READONLY_URL", "REDIS_URL"}
    assert host.out(f"find {GATE} -type s") == ""
    assert host.out(f"stat -c '%U %G %a' {GATE}") == "root root 700"
    run = deploy(client_sockets_enabled=False)
    assert (run.code, run.count("changed")) == (0, 0)
    assert deploy().code == 0
    assert settings() == before
    assert log_in_as("application", [settings()[name] for name in ALL]) == ["accepted"] * 3
