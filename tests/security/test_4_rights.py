"""Who may do what: each role and user, each action, the outcome."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

DENIED = "42501"  # insufficient_privilege, https://www.postgresql.org/docs/16/errcodes-appendix.html
APPEND_ONLY = "23001"  # restrict_violation, which our trigger raises

# Runs statements, each in a transaction that is rolled back, and prints the code of each error, or "done".
STATEMENTS = r"""
import json, sys
import psycopg2
url, statements = json.load(sys.stdin)
connection = psycopg2.connect(url)
codes = []
for statement in statements:
    try:
        connection.cursor().execute(statement)
        codes.append("done")
    except psycopg2.Error as error:
        codes.append(error.pgcode)
    connection.rollback()
print(json.dumps(codes))
"""
COMMANDS = r"""
import json, sys
import redis
url, commands = json.load(sys.stdin)
client = redis.Redis.from_url(url, decode_responses=True)
answers = []
for command in commands:
    try:
        client.execute_command(*command)
        answers.append("done")
    except redis.ResponseError as error:
        answers.append(str(error))
print(json.dumps(answers))
"""

# Action: outcome for the application, outcome for the reader.
ACTIONS = {
    "SELECT * FROM agent_state": ("done", "done"),
    "SELECT * FROM tool_call_history, open_tool_calls, planning_cycle_history": ("done", "done"),
    "INSERT INTO agent_state (key, value) VALUES ('rights', '{}')": ("done", DENIED),
    "UPDATE memory_facts SET is_stale = true": ("done", DENIED),
    "DELETE FROM memory_facts": (DENIED, DENIED),
    "INSERT INTO decision_log (reasoning, decision) VALUES ('{}', 'x')": ("done", DENIED),
    "UPDATE decision_log SET decision = 'y'": (DENIED, DENIED),
    "TRUNCATE tool_calls": (DENIED, DENIED),
    "INSERT INTO tool_calls_open (id) VALUES (1)": (DENIED, DENIED),
    "DELETE FROM tool_calls_open": (DENIED, DENIED),
    "CREATE TABLE mine (id integer)": ("done", DENIED),
    "CREATE TEMPORARY TABLE mine (id integer)": ("done", DENIED),
    "CREATE SCHEMA mine": ("done", DENIED),
    "CREATE SCHEMA IF NOT EXISTS public": ("done", DENIED),
    "CREATE SCHEMA pg_mine": ("42939", DENIED),  # a reserved name
    "CREATE FUNCTION extensions.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'": (DENIED, DENIED),
    "CREATE FUNCTION jarvis_meta.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'": (DENIED, DENIED),
    "ALTER SCHEMA extensions RENAME TO mine": (DENIED, DENIED),
    "ALTER SCHEMA public OWNER TO jarvis": (DENIED, DENIED),
    "CREATE TABLE mine (id integer REFERENCES agent_state (id))": (DENIED, DENIED),
    "SELECT last_value FROM tool_calls_id_seq": (DENIED, "done"),
    "SELECT setval('tool_calls_id_seq', 1)": (DENIED, DENIED),
    "DROP TABLE agent_state": (DENIED, DENIED),
    "ALTER TABLE tool_calls DISABLE TRIGGER ALL": (DENIED, DENIED),
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'": (
        DENIED,
        DENIED,
    ),
    "SELECT * FROM jarvis_meta.migrations": (DENIED, DENIED),
    "SET ROLE jarvis_owner": (DENIED, DENIED),
    "SET ROLE postgres": (DENIED, DENIED),
    "SET SESSION AUTHORIZATION postgres": (DENIED, DENIED),
    "SET session_replication_role = replica": (DENIED, DENIED),
    "CREATE ROLE friend": (DENIED, DENIED),
    "ALTER ROLE jarvis SUPERUSER": (DENIED, DENIED),
    "GRANT jarvis_owner TO jarvis": (DENIED, DENIED),
    "CREATE DATABASE mine": ("25001", "25001"),  # not in a transaction; tried outside of one below
    "COPY (SELECT 1) TO PROGRAM 'id'": (DENIED, DENIED),
    "COPY agent_state TO '/tmp/stolen'": (DENIED, DENIED),
    "SELECT pg_read_file('/etc/passwd')": (DENIED, DENIED),
    "SELECT pg_ls_dir('.')": (DENIED, DENIED),
    "SELECT lo_import('/etc/passwd')": (DENIED, DENIED),
    "SELECT lo_from_bytea(0, 'x')": ("done", "done"),  # PostgreSQL gives it to everybody; docs/security.md says so
    "SET temp_file_limit = -1": (DENIED, DENIED),
    "SELECT rolpassword FROM pg_authid": (DENIED, DENIED),
    "SELECT pg_reload_conf()": (DENIED, DENIED),
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'": (DENIED, DENIED),
    "SELECT pg_hba_file_rules()": (DENIED, DENIED),
    "CREATE EXTENSION IF NOT EXISTS pg_stat_statements": ("done", "done"),  # which is there
    "CREATE EXTENSION pgcrypto": ("done", DENIED),  # one that PostgreSQL trusts
    "CREATE EXTENSION file_fdw": (DENIED, DENIED),
    "CREATE FUNCTION f() RETURNS integer LANGUAGE c AS 'libc', 'getpid'": (DENIED, DENIED),
    "ALTER SYSTEM SET log_connections = off": ("25001", "25001"),
    "SET log_connections = off": ("55P02", "55P02"),  # only at the start of a session
    "LOAD '/tmp/evil.so'": (DENIED, DENIED),
    "CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION refuse_change()": (DENIED, DENIED),
    "CREATE PUBLICATION p FOR TABLE agent_state": (DENIED, DENIED),
    "CREATE FOREIGN DATA WRAPPER w": (DENIED, DENIED),
}

JARVIS = {
    ("SET", "rights", "1"): "done",
    ("XADD", "rights:stream", "*", "field", "value"): "done",
    ("PUBLISH", "rights", "message"): "done",
    ("EVAL", "return redis.call('GET', KEYS[1])", "1", "rights"): "done",
    ("SCRIPT", "LOAD", "return 1"): "done",
    ("INFO",): "done",
    ("FLUSHALL",): "flushall",
    ("FLUSHDB",): "flushdb",
    ("KEYS", "*"): "keys",
    ("CONFIG", "GET", "*"): "config|get",
    ("CONFIG", "SET", "dir", "/etc"): "config|set",
    ("CONFIG", "REWRITE"): "config|rewrite",
    ("MODULE", "LOAD", "/data/evil.so"): "not allowed",
    ("DEBUG", "SLEEP", "0"): "debug",
    ("ACL", "SETUSER", "jarvis", "+@all"): "acl|setuser",
    ("ACL", "WHOAMI"): "done",
    ("ROLE",): "done",
    ("SORT", "rights:none"): "done",
    ("CLIENT", "LIST"): "done",
    ("CLIENT", "NO-EVICT", "ON"): "done",
    ("CLIENT", "PAUSE", "1"): "client|pause",
    ("CLIENT", "UNBLOCK", "1"): "client|unblock",
    ("RESTORE", "rights:restored", "0", "x"): "restore",
    ("REPLICAOF", "attacker", "6379"): "replicaof",
    ("MIGRATE", "attacker", "6379", "rights", "0", "1"): "migrate",
    ("MONITOR",): "monitor",
    ("SHUTDOWN", "NOSAVE"): "shutdown",
    ("CLIENT", "KILL", "TYPE", "normal"): "client|kill",
    ("SCRIPT", "DEBUG", "SYNC"): "script|debug",
    ("SCRIPT", "KILL"): "script|kill",
    ("EVAL", "return redis.call('FLUSHALL')", "0"): "script",
    ("EVAL", "return redis.call('CONFIG', 'GET', '*')", "0"): "script",
    ("EVAL", "return redis.call('ACL', 'SETUSER', 'jarvis', '+@all')", "0"): "script",
    ("EVAL", "return os.execute('id')", "0"): "script",
    ("EVAL", "return io.open('/etc/passwd')", "0"): "script",
    ("EVAL", "return loadfile('/etc/passwd')()", "0"): "script",
    ("EVAL", "return package.loadlib('/lib/x.so', 'luaopen_os')", "0"): "script",
    ("DEL", "rights", "rights:stream"): "done",
}
ADMIN = {
    ("CONFIG", "GET", "dir"): "done",
    ("ACL", "LIST"): "done",
    ("CONFIG", "SET", "dir", "/etc"): "protected",
    ("CONFIG", "SET", "dbfilename", "evil.so"): "protected",
    ("MODULE", "LOAD", "/data/evil.so"): "not allowed",
    ("DEBUG", "SLEEP", "0"): "not allowed",
}
HEALTH = {("PING",): "done", ("GET", "x"): "get", ("INFO",): "info", ("ACL", "WHOAMI"): "acl|whoami"}


@pytest.fixture(scope="module")
def ask(host):
    """Return a function that runs a script on the host with input as JSON and returns its answer."""

    def run(script, *given):
        return json.loads(host.run(f"python3 -c {shlex.quote(script)}", stdin=json.dumps(given)).stdout)

    return run


@pytest.mark.parametrize(("variable", "column"), [("DATABASE_URL", 0), ("DATABASE_READONLY_URL", 1)])
def test_role_may_do_its_work_in_the_database_and_no_more(settings, ask, variable, column):
    codes = ask(STATEMENTS, settings()[variable], list(ACTIONS))
    assert dict(zip(ACTIONS, codes, strict=True)) == {action: outcomes[column] for action, outcomes in ACTIONS.items()}


@pytest.mark.parametrize("variable", ["DATABASE_URL", "DATABASE_READONLY_URL"])
def test_role_may_not_do_what_no_transaction_holds(host, settings, variable):
    for statement in ("CREATE DATABASE mine", "ALTER SYSTEM SET log_connections = off", "DROP DATABASE jarvis"):
        script = (
            "import sys, psycopg2; c = psycopg2.connect(sys.stdin.read()); c.autocommit = True;"
            f" c.cursor().execute({statement!r})"
        )
        done = host.run(f"python3 -c {shlex.quote(script)}", check=False, stdin=settings()[variable])
        assert "permission denied" in done.stderr or "must be owner" in done.stderr


@pytest.mark.parametrize("role", ["SET ROLE jarvis_owner;", ""])
def test_neither_owner_nor_superuser_rewrites_a_log(host, role):
    for statement in (
        "UPDATE public.decision_log SET decision = 'y'",
        "DELETE FROM public.tool_calls",
        "TRUNCATE public.planning_cycles",
    ):
        done = host.run(
            f'docker exec jarvis-postgres psql -X -U postgres -d jarvis -v VERBOSITY=sqlstate -c "{role} {statement}"',
            check=False,
        )
        assert f"ERROR:  {APPEND_ONLY}" in done.stderr


@pytest.mark.parametrize(
    ("user", "command", "answer"),
    [
        ("jarvis", "psql -X -w -U jarvis -d jarvis -c 'SELECT 1'", "no password supplied"),
        ("jarvis", "psql -X -w -U jarvis -d postgres -c 'SELECT 1'", "pg_hba.conf rejects connection"),
        ("jarvis", "psql -X -w -h /run/jarvis -U jarvis -d jarvis -c 'SELECT 1'", "no password supplied"),
        ("postgres", "psql -X -h 127.0.0.1 -U postgres -d jarvis -c 'SELECT 1'", "pg_hba.conf rejects connection"),
        ("jarvis", "psql -X -w -h 127.0.0.1 -U jarvis -d jarvis -c 'SELECT 1'", "no password supplied"),
        ("jarvis", "psql -X -h 127.0.0.1 -U jarvis -d postgres -c 'SELECT 1'", "pg_hba.conf rejects connection"),
        ("replication", "psql -X -h 127.0.0.1 -U jarvis 'dbname=jarvis replication=true' -c 'SHOW x'", "rejects"),
    ],
)
def test_inside_of_the_container_nobody_is_let_in_by_another_door(host, user, command, answer):
    assert answer in host.run(f"docker exec jarvis-postgres {command}", check=False).stderr


def test_other_users_of_the_host_do_not_reach_the_socket(host):
    done = host.run("runuser -u nobody -- ls /var/lib/jarvis/postgres/run", check=False)
    assert "Permission denied" in done.stderr


def redis_url(settings, user, password):
    parts = urlsplit(settings["REDIS_URL"])
    return parts._replace(netloc=f"{user}:{quote(password, safe='')}@{parts.hostname}:{parts.port}").geturl()


def assert_outcomes(outcomes, answers):
    """Compare answers with outcomes. An outcome is "done" or a word in the refusal."""
    for (command, outcome), answer in zip(outcomes.items(), answers, strict=True):
        if outcome == "done":
            assert answer == "done", command
        elif outcome == "script":
            assert answer != "done", command
        else:
            assert outcome in answer.lower(), f"{command}: {answer}"


def test_application_may_do_its_work_in_redis_and_no_more(settings, ask):
    assert_outcomes(JARVIS, ask(COMMANDS, settings()["REDIS_URL"], list(JARVIS)))


def test_user_for_operations_cannot_make_redis_write_or_load_files_of_choice(settings, secrets_of, ask):
    url = redis_url(settings(), "admin", secrets_of()["redis_admin_password"])
    assert_outcomes(ADMIN, ask(COMMANDS, url, list(ADMIN)))


def test_health_check_may_only_ping(settings, ask):
    assert_outcomes(HEALTH, ask(COMMANDS, redis_url(settings(), "health", "none"), list(HEALTH)))


def test_default_user_and_unknown_ones_are_turned_away(host, settings):
    for user in ("default", "nobody"):
        script = "import sys, redis; redis.Redis.from_url(sys.stdin.read()).ping()"
        done = host.run(f"python3 -c {shlex.quote(script)}", check=False, stdin=redis_url(settings(), user, "x"))
        assert "invalid username-password pair or user is disabled" in done.stderr


def test_looking_around_as_the_readme_has_it_shows_the_tables(host):
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    told = re.search(r"To look around in the database, as its reader:\n\n```sh\n(.*?)```", readme, re.DOTALL)
    command = told.group(1).replace("sudo ", "").replace("docker exec -it", "docker exec -i")
    assert "agent_state" in host.run(command, stdin="\\dt\n").stdout


def test_looking_around_in_redis_as_the_readme_has_it_works(host):
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    told = re.search(r"To look around in Redis:\n\n```sh\n(.*?)```", readme, re.DOTALL)
    command = told.group(1).replace("sudo ", "").replace("docker exec -it", "docker exec -i")
    assert host.run(command, stdin="PING\n").stdout == "PONG\n"
