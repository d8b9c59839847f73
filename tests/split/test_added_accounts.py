"""An inventory adds a database role and a Redis user with one entry each, and everything about accounts follows."""

from __future__ import annotations

import pytest
import yaml
from scenario_host import Host

ROLES = [
    {"name": "reporting", "may": "read", "connection_limit": 5, "settings": {"statement_timeout": "60s"}},
    {"name": "importer", "may": "write", "connection_limit": 3},
]
USERS = [{"name": "worker", "keys": ["queue:*"], "permissions": ["+@read", "+@write", "+ping"]}]
ADDED = {"postgres_roles": ROLES, "redis_users": USERS}
INSERT = "INSERT INTO public.agent_state (key, value) VALUES ('added', '1')"


@pytest.fixture(scope="module")
def redis_host(inventory):
    """Return the scenario's host that carries Redis; C(host) carries the database."""
    with open(inventory, encoding="utf-8") as stream:
        (name,) = yaml.safe_load(stream)["redis"]["hosts"]
    return Host(name)


def as_client(host, variable, statement):
    """Return what a client on the host prints, errors included, if it uses an address of the client settings."""
    library = "psycopg2" if variable.startswith("DATABASE") else "redis"
    program = {
        "psycopg2": "c = psycopg2.connect(url); c.autocommit = True; k = c.cursor(); k.execute(sys.argv[1]);"
        " print(k.fetchall() if k.description else k.rowcount)",
        "redis": "print(redis.Redis.from_url(url).execute_command(*sys.argv[1].split()))",
    }[library]
    code = f"import os, sys, {library}; url = os.environ['{variable}']; {program}"
    done = host.run(f'set -a; . /etc/jarvis/jarvis.env; python3 -c "{code}" "{statement}"', check=False)
    return (done.stdout + done.stderr).strip()


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (
            {"postgres_roles": [{**ROLES[0], "name": "jarvis"}]},
            "postgres_roles holds the name 'jarvis', which is taken",
        ),
        (
            {"postgres_roles": [{**ROLES[0], "name": "Reporting"}]},
            "postgres_roles holds the name 'Reporting'. Use a text",
        ),
        (
            {"postgres_roles": [{"name": "reporting", "may": "all", "connection_limit": 1}]},
            "value of may must be one of",
        ),
        ({"redis_users": [{**USERS[0], "keys": ["a b"]}]}, "redis_users holds the pattern 'a b'."),
        (
            {"redis_users": [{**USERS[0], "permissions": ["nopass"]}]},
            "redis_users holds 'nopass', which gives or takes",
        ),
        ({"credentials_postgres_other_password": "x"}, "credentials_postgres_other_password is no variable"),
    ],
)
def test_what_cannot_work_is_refused_by_name(deploy, variables, told):
    run = deploy(**variables)
    assert run.code == 2
    assert told in run.text
    assert "changed=0" in run.text


def test_preview_names_what_the_deployment_then_makes(deploy, host, redis_host):
    preview, run = deploy("--check", **ADDED), deploy(**ADDED)
    assert (preview.code, run.code) == (0, 0)
    for one in (host, redis_host):
        assert preview.changed_tasks(one.name) == run.changed_tasks(one.name)
    assert "reporting: member of jarvis_readonly" in run.text
    assert (deploy(**ADDED).count("changed"), deploy("--check", **ADDED).count("changed")) == (0, 0)


def test_each_may_do_what_its_entry_says_and_no_more(host, redis_host):
    assert as_client(host, "DATABASE_REPORTING_URL", "SELECT current_user, count(*) FROM public.agent_state") == (
        "[('reporting', 0)]"
    )
    assert "permission denied for table agent_state" in as_client(host, "DATABASE_REPORTING_URL", INSERT)
    assert "permission denied for schema public" in as_client(host, "DATABASE_REPORTING_URL", "CREATE TABLE t (i int)")
    assert as_client(host, "DATABASE_IMPORTER_URL", INSERT) == "1"
    assert as_client(host, "DATABASE_IMPORTER_URL", "CREATE TABLE public.imported AS SELECT 7 AS number") == "1"
    assert "must be owner of table tool_calls" in as_client(
        host, "DATABASE_IMPORTER_URL", "DROP TABLE public.tool_calls"
    )
    assert as_client(host, "DATABASE_REPORTING_URL", "SHOW statement_timeout") == "[('1min',)]"
    assert as_client(redis_host, "REDIS_WORKER_URL", "SET queue:1 job") == "True"
    assert as_client(redis_host, "REDIS_WORKER_URL", "GET queue:1") == "b'job'"
    for refused in ("SET other 1", "CONFIG GET dir", "FLUSHALL", "PUBLISH news x"):
        assert "NoPermissionError" in as_client(redis_host, "REDIS_WORKER_URL", refused)


def test_they_are_proven_and_their_drift_is_named(play, host):
    assert play("playbooks/verify.yml", **ADDED).proven
    host.sql("GRANT pg_read_all_data TO reporting")
    schema = play("playbooks/schema.yml", **ADDED)
    assert schema.code == 2
    assert "reporting in pg_read_all_data" in schema.text
    run = play("site.yml", **ADDED)
    assert run.code == 0
    assert "reporting: no member of pg_read_all_data by postgres" in run.text


def test_name_is_the_word_that_rotates_its_password(play, host, redis_host):
    old = host.out("grep ^DATABASE_REPORTING_URL= /etc/jarvis/jarvis.env").partition("=")[2].strip("'")
    others = host.out("grep -v ^DATABASE_REPORTING_ /etc/jarvis/jarvis.env")
    assert play("playbooks/rotate.yml", rotate="reporting", **ADDED).code == 0
    assert host.out("grep -v ^DATABASE_REPORTING_ /etc/jarvis/jarvis.env") == others
    for variable in ("DATABASE_REPORTING_URL", "DATABASE_REPORTING_SOCKET_URL"):
        assert "[('reporting',)]" in as_client(host, variable, "SELECT current_user")
    log_in = f"python3 -c \"import psycopg2; psycopg2.connect('{old}')\""
    assert "password authentication failed" in host.run(log_in, check=False).stderr
    before = redis_host.out("cat /etc/jarvis/secrets/redis_worker_password")
    assert play("playbooks/rotate.yml", rotate="worker", **ADDED).code == 0
    assert redis_host.out("cat /etc/jarvis/secrets/redis_worker_password") != before
    assert as_client(redis_host, "REDIS_WORKER_URL", "GET queue:1") == "b'job'"


def test_given_password_is_taken(deploy, host):
    given = {"credentials_postgres_reporting_password": "of the inventory's own"}
    assert deploy(**ADDED, **given).code == 0
    assert host.out("cat /etc/jarvis/secrets/postgres_reporting_password") == "of the inventory's own"
    assert as_client(host, "DATABASE_REPORTING_URL", "SELECT 1") == "[(1,)]"


def test_passwords_may_stand_where_all_hosts_see_them_and_entries_where_one_group_does(deploy, tmp_path):
    inventory = {
        "postgres": {"vars": {"postgres_roles": ROLES}},
        "redis": {"vars": {"redis_users": USERS}},
        "all": {
            "vars": {
                "credentials_postgres_reporting_password": "of the inventory's own",
                "credentials_redis_worker_password": "of the inventory's own",
            }
        },
    }
    groups = tmp_path / "groups.yml"
    groups.write_text(yaml.safe_dump(inventory))
    assert deploy("--check", "-i", str(groups)).code == 0


def test_what_is_taken_away_is_told_and_may_do_nothing_and_its_data_stays(deploy, play, host, redis_host):
    url = host.out("grep ^DATABASE_IMPORTER_URL= /etc/jarvis/jarvis.env").partition("=")[2].strip("'")
    wait = f"import psycopg2; psycopg2.connect('{url}').cursor().execute('SELECT pg_sleep(300)')"
    host.run(f'python3 -c "{wait}" >/tmp/session 2>&1 & sleep 1')
    worker = redis_host.out("grep ^REDIS_WORKER_URL= /etc/jarvis/jarvis.env").partition("=")[2].strip("'")
    run = deploy()
    assert run.code == 0
    for told in (
        "importer: NOLOGIN",
        "importer: sessions ended",
        "reporting: no member of jarvis_readonly by postgres",
    ):
        assert told in run.text
    host.run("timeout 60 sh -c \"until grep -qE 'closed the connection|terminating' /tmp/session; do sleep 1; done\"")
    refused = host.run(f"docker exec jarvis-postgres psql '{url}'", check=False).stderr
    assert "pg_hba.conf rejects connection" in refused
    assert "IMPORTER" not in host.out("cat /etc/jarvis/jarvis.env")
    assert host.sql("SELECT number, tableowner FROM public.imported, pg_tables WHERE tablename = 'imported'") == (
        "7|importer"
    )
    log_in = f"python3 -c \"import redis; redis.Redis.from_url('{worker}').ping()\""
    assert "invalid username-password pair" in redis_host.run(log_in, check=False).stderr
    assert redis_host.redis("GET queue:1") == "job"
    assert deploy().count("changed") == 0
    assert play("playbooks/verify.yml").proven
