"""The tests of secrets and rights run on each of the scenario's hosts."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

pytest_plugins = ["scenario_host"]

# Given settings on standard input, prints for each whether its server admits them.
LOG_IN = r"""
import shlex, sys
import psycopg2, redis
for word in shlex.split(sys.stdin.read(), comments=True):
    name, _, url = word.partition("=")
    try:
        if name.startswith("REDIS"):
            redis.Redis.from_url(url).ping()
        else:
            psycopg2.connect(url).close()
        print(name, "accepted")
    except (psycopg2.OperationalError, redis.RedisError):
        print(name, "refused")
"""


@pytest.fixture(scope="session")
def settings(host):
    """Return a function that reads the host's client settings, as {variable: URL}."""

    def read():
        words = shlex.split(host.out("cat /etc/jarvis/jarvis.env"), comments=True)
        return dict(word.split("=", 1) for word in words)

    return read


@pytest.fixture(scope="session")
def log_in(host):
    """Return a function that logs in on the host with settings {variable: URL}."""

    def try_all(urls):
        lines = "\n".join(f"{name}={shlex.quote(url)}" for name, url in urls.items())
        told = host.run(f"python3 -c {shlex.quote(LOG_IN)}", stdin=lines).stdout
        return dict(line.split() for line in told.splitlines())

    return try_all


@pytest.fixture(scope="session")
def secrets_of(host):
    """Return a function that reads the host's secrets, as {file name: secret}."""

    def read():
        listed = host.out("cd /etc/jarvis/secrets && find . -maxdepth 1 -type f -printf '%P\n' | sort").split()
        return {name: host.out(f"cat /etc/jarvis/secrets/{name}") for name in listed}

    return read


@pytest.fixture(scope="session")
def admin_log_in(host):
    """Return a function that returns whether Redis admits the user admin with a password."""

    def answer(password):
        asked = "import redis, sys; redis.Redis(username='admin', password=sys.stdin.read()).ping()"
        return (
            "accepted" if host.run(f'python3 -c "{asked}"', check=False, stdin=password).returncode == 0 else "refused"
        )

    return answer
