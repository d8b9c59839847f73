"""The tests of a host that is open to a network use the scenario's host. This machine is its neighbour."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

pytest_plugins = ["scenario_host"]


@pytest.fixture(scope="session")
def link(host):
    """Return the host's own address and this machine's. Both are in the network of the engine's bridge."""
    found = json.loads(subprocess.run(["docker", "inspect", host.name], capture_output=True, check=True).stdout)
    network = found[0]["NetworkSettings"]["Networks"]["bridge"]
    return {"host": network["IPAddress"], "neighbour": network["Gateway"]}


@pytest.fixture(scope="session")
def opened(link):
    """Return the settings that open both servers of the host to this machine."""
    neighbour = [f"{link['neighbour']}/32"]
    return {
        "postgres_bind_address": link["host"],
        "postgres_allowed_networks": neighbour,
        "redis_bind_address": link["host"],
        "redis_allowed_networks": neighbour,
    }


@pytest.fixture
def neighbour(host, tmp_path):
    """Return a function that logs in to both servers from this machine, with the host's settings and given options."""
    import shlex
    from urllib.parse import urlsplit

    import psycopg2
    import redis

    def log_in(authority=None, encrypted=True):
        (tmp_path / "ca.crt").write_text(authority or host.out("cat /etc/jarvis/ca.crt"))
        words = shlex.split(host.out("cat /etc/jarvis/jarvis.env"), comments=True)
        settings = {name: urlsplit(url) for name, _, url in (word.partition("=") for word in words)}
        postgres = f"sslmode=verify-full&sslrootcert={tmp_path}/ca.crt" if encrypted else "sslmode=disable"
        cache = ("rediss", f"ssl_ca_certs={tmp_path}/ca.crt") if encrypted else ("redis", "")
        answers = {}
        try:
            psycopg2.connect(settings["DATABASE_URL"]._replace(query=postgres).geturl(), connect_timeout=5).close()
            answers["postgres"] = "accepted"
        except psycopg2.OperationalError as error:
            answers["postgres"] = str(error)
        try:
            url = settings["REDIS_URL"]._replace(scheme=cache[0], query=cache[1]).geturl()
            redis.Redis.from_url(url, socket_timeout=5, retry=None).ping()
            answers["redis"] = "accepted"
        except redis.RedisError as error:
            answers["redis"] = str(error)
        return answers

    return log_in


@pytest.fixture
def serials(host, link):
    """Return a function that returns the serial numbers of the certificates that the servers present."""

    def read_serials():
        ask = f"openssl s_client -connect {link['host']}"
        read = "</dev/null 2>/dev/null | openssl x509 -noout -serial"
        return [host.out(f"{ask}:5432 -starttls postgres {read}"), host.out(f"{ask}:6379 {read}")]

    return read_serials
