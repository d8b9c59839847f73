"""What somebody removed or replaced by hand is put back by one deployment, and no row and no key is lost."""

from __future__ import annotations

import pytest

EVERYTHING = (
    "rm -rf /etc/jarvis",
    "rm /usr/local/sbin/jarvis-firewall /etc/systemd/system/docker.service.d/jarvis-firewall.conf",
    "rm /etc/docker/daemon.json",
    "rm /etc/sysctl.d/90-jarvis-redis.conf",
    "rm /etc/apt/apt.conf.d/52jarvis-docker",
    "iptables -F JARVIS",
    # The next group of that name gets another number.
    "gid=$(getent group jarvis | cut -d: -f3); groupdel jarvis; groupadd --gid $gid before$gid",
)
FOLDERS = (
    "rm -rf /etc/jarvis/postgres /etc/jarvis/secrets/redis",
    "rm /etc/jarvis/jarvis.env",
    "iptables -D DOCKER-USER -j JARVIS",
)
FILES = (
    "rm /etc/jarvis/postgres/postgresql.conf /etc/jarvis/postgres/pg_hba.conf /etc/jarvis/redis/redis.conf",
    "rm /etc/jarvis/secrets/redis/users.acl /etc/jarvis/secrets/*_password",
    "rm -f /etc/jarvis/ca.crt /etc/jarvis/secrets/postgres/server.key /etc/jarvis/secrets/redis/server.crt",
)
STOPPED = (
    "rm -rf /etc/jarvis/redis /etc/jarvis/secrets",
    "docker stop jarvis-postgres jarvis-redis",
    "docker network rm jarvis",
)
SENTINEL = "INSERT INTO agent_state (key, value) VALUES ('by hand', '{}') ON CONFLICT (key) DO NOTHING"


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
@pytest.mark.parametrize("removals", [EVERYTHING, FOLDERS, FILES, STOPPED], ids=["all", "folders", "files", "stopped"])
def test_what_was_removed_is_put_back_with_every_row_and_key(deploy, host, removals, encrypted):
    assert deploy(tls_enabled=encrypted).code == 0
    host.sql(SENTINEL)
    host.redis("SET by-hand kept")
    for removal in removals:
        host.run(removal)
    assert deploy(tls_enabled=encrypted).code == 0
    assert host.sql("SELECT count(*) FROM agent_state WHERE key = 'by hand'") == "1"
    assert host.redis("GET by-hand") == "kept"
    health = host.out("docker inspect --format '{{.State.Health.Status}}' jarvis-postgres jarvis-redis")
    assert health.split() == ["healthy", "healthy"]
    assert host.out("jarvis-firewall check") == "in force"
    # As a client sees it: the new passwords, and the new authority's certificate.
    log_in = "import os, psycopg2; psycopg2.connect(os.environ['DATABASE_URL'])"
    host.run(f'set -a; . /etc/jarvis/jarvis.env; python3 -c "{log_in}"')
    run = deploy(tls_enabled=encrypted)
    assert (run.code, run.count("changed")) == (0, 0)


@pytest.mark.parametrize(
    ("instead", "message"),
    [
        ("touch /etc/jarvis/postgres", "/etc/jarvis/postgres already exists as a file"),
        ("ln -s /nowhere /etc/jarvis/postgres", "/etc/jarvis/postgres"),
    ],
)
def test_what_stands_in_place_of_a_folder_is_named(deploy, host, instead, message):
    before = host.containers()
    host.run(f"mv /etc/jarvis/postgres /etc/jarvis/postgres.kept && {instead}")
    run = deploy()
    host.run("rm /etc/jarvis/postgres && mv /etc/jarvis/postgres.kept /etc/jarvis/postgres")
    assert run.code == 2
    assert message in run.text
    assert host.containers() == before
