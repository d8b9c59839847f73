"""A preview names each change, reload, restart and new container that the real run then makes, and no other."""

from __future__ import annotations

import pytest
from scenario_host import foreseen_and_made

DAEMON = {"userland-proxy": False, "live-restore": True, "log-driver": "json-file", "max-concurrent-downloads": 2}
# Each change comes on top of those before it, so that the host need not be brought back between them.
CHANGES = {
    "memory": {"postgres_memory_mb": 640},
    "memory_of_redis": {"redis_memory_mb": 160},
    "reload": {"postgres_settings": {"work_mem": "9MB"}},
    "restart": {"postgres_settings": {"work_mem": "9MB", "max_connections": 120}},
    "setting_of_redis": {"redis_settings": {"tcp-keepalive": 120}},
    "restart_of_redis": {"redis_settings": {"tcp-keepalive": 120, "databases": 8}},
    "password": {"credentials_postgres_password": "another one"},
    "password_of_redis": {"credentials_redis_password": "another one"},
    "time_limit": {"postgres_statement_timeout_seconds": 77},
    "connection_limit": {"postgres_connection_limit": 70},
    "processors": {"postgres_cpus": 1.5},
    "permissions": {"redis_application_permissions": ["+flushdb"]},
    "unattended_upgrades": {"docker_hold_enabled": False},
    "settings_of_the_engine": {"docker_daemon_settings": DAEMON},
    "name_of_the_host": {"client_host": "localhost"},
    "encryption": {"tls_enabled": True},
    "port": {"postgres_port": 5433},
    "port_of_redis": {"redis_port": 6380},
    "image": {
        "images_source": "registry",
        "images_postgres": "preview/postgres:16",
        "images_redis": "jarvis-test/redis:7",
    },
    # The user has another number, as after a change from an image on Alpine to one on Debian.
    "user_of_the_server": {"images_postgres": "preview/postgres:16-other-user"},
}
IMAGE = "FROM jarvis-test/postgres:16\nLABEL preview=yes\n"
OTHER_USER = """FROM jarvis-test/postgres:16
USER root
RUN sed -i 's/^postgres:x:[0-9]*:[0-9]*:/postgres:x:4321:4321:/' /etc/passwd \
 && sed -i 's/^postgres:x:[0-9]*:/postgres:x:4321:/' /etc/group \
 && chown -R 4321:4321 /var/run/postgresql /var/lib/postgresql
"""
WANTED = {}


@pytest.fixture(scope="module", autouse=True)
def as_it_was(deploy, host):
    """Begin with a host that has further images and on which nothing is to do, and leave it so."""
    assert deploy().code == 0
    host.run("DOCKER_BUILDKIT=0 docker build --quiet --tag preview/postgres:16 -", stdin=IMAGE)
    host.run("DOCKER_BUILDKIT=0 docker build --quiet --tag preview/postgres:16-other-user -", stdin=OTHER_USER)
    yield
    assert deploy().code == 0


@pytest.mark.parametrize("change", CHANGES)
def test_preview_names_what_the_real_run_changes(deploy, change):
    WANTED.update(CHANGES[change])
    preview = deploy("--check", "--diff", **WANTED)
    real = deploy(**WANTED)
    assert (preview.code, real.code) == (0, 0)
    foreseen, made = foreseen_and_made(preview, real)
    assert foreseen == made != []


def test_nothing_is_foreseen_where_nothing_is_to_do(deploy):
    assert deploy("--check", **WANTED).changed_tasks() == []
