"""What somebody removed or replaced by hand is put back by one deployment, and no row and no key is lost."""

from __future__ import annotations

import pytest
from scenario_host import foreseen_and_made

EVERYTHING = (
    "rm -rf /etc/jarvis",
    "rm /usr/local/sbin/jarvis-firewall /etc/systemd/system/docker.service.d/jarvis-firewall.conf",
    "rm /etc/docker/daemon.json",
    "rm /etc/sysctl.d/90-jarvis-redis.conf",
    "rm /etc/apt/apt.conf.d/52jarvis-docker",
    "iptables -F JARVIS",
    # The number is taken, so that the next group of that name gets another one.
    "gid=$(getent group jarvis | cut -d: -f3); groupdel jarvis; groupadd --gid $gid before$gid",
)
# The first are removed while the servers run, one after the other. The last are what a stopped server needs.
PARTS = (
    "rm -rf /etc/jarvis/postgres/pg_hba.conf /etc/jarvis/redis /etc/jarvis/secrets/postgres",
    "rm /etc/jarvis/secrets/redis/users.acl /etc/jarvis/secrets/*_password /etc/jarvis/jarvis.env",
    "iptables -D DOCKER-USER -o jarvis ! -i jarvis -j JARVIS",
    "docker stop jarvis-redis",
    "docker pause jarvis-postgres",
)
STOPPED = (
    "docker stop jarvis-postgres jarvis-redis",
    "rm -rf /etc/jarvis/postgres /etc/jarvis/secrets /etc/jarvis/state /etc/jarvis/ca.crt",
    "docker network rm jarvis",
)


ROW = "INSERT INTO public.agent_state (key, value) VALUES ('by hand', '{}') ON CONFLICT (key) DO NOTHING"


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "encrypted"])
def deployed(deploy, host, request):
    """Deploy without and with encryption, and leave a row and a key."""
    assert deploy(tls_enabled=request.param).code == 0
    host.sql(ROW)
    host.redis("SET by-hand kept")
    return request.param


@pytest.mark.parametrize("removals", [EVERYTHING, PARTS, STOPPED], ids=["all", "parts", "stopped"])
def test_what_was_removed_is_put_back_with_every_row_and_key(deploy, host, deployed, removals):
    for removal in removals:
        host.run(removal)
    assert deploy(tls_enabled=deployed).code == 0
    assert host.sql("SELECT count(*) FROM public.agent_state WHERE key = 'by hand'") == "1"
    assert host.redis("GET by-hand") == "kept"
    host.wait_until_healthy("jarvis-postgres", "jarvis-redis")
    assert host.out("jarvis-firewall check") == "in force"
    # A client has to take the new passwords and the new authority's certificate.
    log_in = "import os, psycopg2; psycopg2.connect(os.environ['DATABASE_URL'])"
    host.run(f'set -a; . /etc/jarvis/jarvis.env; python3 -c "{log_in}"')
    run = deploy(tls_enabled=deployed)
    assert (run.code, run.count("changed")) == (0, 0)


@pytest.mark.parametrize(
    ("path", "instead", "message"),
    [
        ("/etc/jarvis/postgres", "touch", "/etc/jarvis/postgres is no folder, and files have to be in it."),
        ("/etc/jarvis/postgres", "ln -s /nowhere", "/etc/jarvis/postgres is no folder, and files have to be in it."),
        ("/etc/jarvis/secrets", "touch", "/etc/jarvis/secrets is no folder, and files have to be in it."),
        ("/etc/docker/daemon.json", "mkdir", "/etc/docker/daemon.json is a folder, and a file has to be there."),
        ("/etc/jarvis/jarvis.env", "mkdir", "/etc/jarvis/jarvis.env is a folder, and a file has to be there."),
        ("/usr/local/sbin/jarvis-firewall", "mkdir", "/usr/local/sbin/jarvis-firewall is a folder, and a file has"),
    ],
)
def test_what_stands_in_place_of_a_file_or_folder_is_named(deploy, host, path, instead, message):
    before = host.containers()
    host.run(f"mv {path} {path}.kept && {instead} {path}")
    run = deploy()
    host.run(f"rm -r {path} && mv {path}.kept {path}")
    assert run.code == 2
    assert f"Nothing was changed. This has to be mended first: - {message}" in run.text
    assert host.containers() == before


def test_program_of_somebody_else_with_the_name_of_ours_is_kept_aside(deploy, host):
    host.run("printf '#!/bin/sh\\necho theirs\\n' > /usr/local/sbin/jarvis-firewall")
    run = deploy("--tags", "firewall")
    assert run.code == 0
    assert (
        "/usr/local/sbin/jarvis-firewall is not ours; it is kept as /usr/local/sbin/jarvis-firewall.set-aside-"
        in run.text
    )
    assert host.out("jarvis-firewall check") == "in force"
    assert host.out("sh /usr/local/sbin/jarvis-firewall.set-aside-*") == "theirs"
    host.run("rm /usr/local/sbin/jarvis-firewall.set-aside-*")


def test_owner_and_privileges_of_the_database_are_put_back_by_one_deployment(deploy, host):
    assert deploy().code == 0
    told = "SELECT datdba::regrole, ARRAY(SELECT a::text FROM unnest(datacl) AS a ORDER BY 1) FROM pg_database"
    before = host.sql(f"{told} WHERE datname = 'jarvis'")
    for change in ("GRANT CONNECT", "GRANT TEMPORARY"):
        host.sql(f"{change} ON DATABASE jarvis TO PUBLIC")
    host.sql("REVOKE CREATE ON DATABASE jarvis FROM jarvis")
    host.sql("ALTER DATABASE jarvis OWNER TO jarvis_readonly")
    preview, run = deploy("--check"), deploy()
    assert (preview.code, run.code) == (0, 0)
    foreseen, made = foreseen_and_made(preview, run)
    assert foreseen == made == ["postgres : Create the database", "postgres : Admit only our roles to the database"]
    assert host.sql(f"{told} WHERE datname = 'jarvis'") == before
    assert deploy().count("changed") == 0


def test_preview_of_another_database_names_it_and_who_is_admitted(deploy):
    run = deploy("--check", postgres_database="another", postgres_allow_empty=True)
    assert run.code == 0
    for name in ("Create the database", "Admit only our roles to the database"):
        assert f"postgres : {name}" in run.changed_tasks()
