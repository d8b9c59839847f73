"""Whatever a file contains, it runs with the owner's rights at most, and is recorded only if all of it is done."""

from __future__ import annotations

import hashlib
import threading
import time
from contextlib import closing

import psycopg2
import pytest
from jarvis_schema import session
from schema_server import Database

ONE = {"0001_a.sql": "CREATE TABLE public.a (id integer);\n"}
# The lint does not look into DO, or into text that is put together there.
ESCAPES = [
    "RESET session_authorization",
    "RESET role",
    "RESET ALL",
    "SET SESSION AUTHORIZATION DEFAULT",
    "SET SESSION AUTHORIZATION postgres",
    "SET session_authorization TO postgres",
    "SET LOCAL SESSION AUTHORIZATION postgres",
    "SET ROLE postgres",
    "SET ROLE NONE",
    "SELECT set_config('session_authorization', 'postgres', false)",
    "SELECT set_config('role', 'none', true)",
    "UPDATE pg_catalog.pg_settings SET setting = 'postgres' WHERE name = 'session_authorization'",
    "SET session_replication_role = replica",
]
POWERS = [
    "ALTER ROLE jarvis SUPERUSER",
    "CREATE ROLE smuggled SUPERUSER LOGIN",
    "GRANT postgres TO jarvis",
    "GRANT pg_execute_server_program TO jarvis",
    "COPY (SELECT 1) TO PROGRAM 'touch /tmp/smuggled'",
    "COPY (SELECT 1) TO '/tmp/smuggled'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
    "UPDATE pg_catalog.pg_authid SET rolsuper = true WHERE rolname = 'jarvis'",
    "CREATE FUNCTION public.c() RETURNS integer LANGUAGE c AS 'libc', 'getpid'",
    "CREATE EXTENSION file_fdw",
    "INSERT INTO jarvis_meta.migrations (version, name, sha256, state) VALUES (7, '0007_x.sql', '', 'applied')",
    "DELETE FROM jarvis_meta.migrations",
    "INSERT INTO jarvis_meta.permits VALUES (encode(sha256('x'), 'hex'), 7, '0007_x.sql', '')",
    "SELECT jarvis_meta.record('x')",
    "CREATE FUNCTION jarvis_meta.record(unknown_key name) RETURNS void LANGUAGE sql AS ''",
    "DROP SCHEMA jarvis_meta CASCADE",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres' AND pg_terminate_backend(pid)",
]
NOTE = """
CREATE TABLE public.done (attempt text);
CREATE FUNCTION public.attempt(statements text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one text;
BEGIN
    FOREACH one IN ARRAY statements LOOP
        BEGIN
            EXECUTE one;
        EXCEPTION WHEN OTHERS THEN
            CONTINUE;
        END;
        IF one <> statements[1] THEN
            INSERT INTO public.done VALUES (one);
        END IF;
    END LOOP;
END
$$;
"""


def attempts(escape: str) -> str:
    powers = "".join(f", $x${power}$x$" for power in POWERS)
    return f"{NOTE}SELECT public.attempt(ARRAY[$x${escape}$x${powers}]);\n"


@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize("first_line", ["", "-- no-transaction\n"], ids=["transaction", "none"])
def test_no_file_becomes_superuser(database: Database, escape: str, first_line: str) -> None:
    # Without rights on the schema, the file cannot even reach what it has made, and so it fails.
    outcome = database.run({**ONE, "0002_x.sql": first_line + attempts(escape)}, expect_failure=None)
    assert "permission denied" in outcome.failure or outcome.failure == ""
    if not outcome.failure:
        assert database.execute("SELECT attempt FROM public.done") == []
    assert database.execute("SELECT rolname FROM pg_roles WHERE rolsuper OR rolname = 'smuggled'") == [("postgres",)]


def test_what_a_file_calls_runs_as_the_owner_logged_in_as_nobody(database: Database) -> None:
    database.run(
        {
            "0001_x.sql": "CREATE TABLE public.who AS SELECT current_user AS owner, session_user AS login,"
            " current_setting('is_superuser') AS super;\n"
        }
    )
    assert database.execute("SELECT * FROM public.who") == [("jarvis_owner", "jarvis_migrator", "off")]


@pytest.mark.parametrize(
    "ending",
    [
        "DO $$ BEGIN COMMIT; END $$;\n",
        "CREATE PROCEDURE public.p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;\nCALL public.p();\n",
        # A lone carriage return ends a comment for the server.
        "SELECT 1 --\r; COMMIT; BEGIN\n;\n",
        "SELECT 1 --\r; COMMIT\n;\n",
        "SELECT 1 --\r; ROLLBACK; BEGIN\n;\n",
    ],
)
def test_a_file_that_ends_its_transaction_is_not_recorded(database: Database, ending: str) -> None:
    database.run(ONE)
    database.run({**ONE, "0002_b.sql": f"CREATE TABLE public.b (id integer);\n{ending}"}, expect_failure=True)
    assert database.ledger() == [(1, "applied")]


def test_a_key_to_the_ledger_opens_it_once_and_for_one_file(database: Database) -> None:
    database.run(ONE)
    assert database.execute("SELECT count(*) FROM jarvis_meta.permits") == [(0,)]
    with pytest.raises(psycopg2.errors.RaiseException, match="this is no key to the ledger"):
        database.execute("SELECT jarvis_meta.record('x')", user="jarvis_migrator")
    for user in ("jarvis", "jarvis_readonly"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            database.execute("SELECT jarvis_meta.record('x')", user=user)


def wait_for(database: Database, condition: str) -> None:
    deadline = time.monotonic() + 60
    while not database.execute(f"SELECT {condition}")[0][0]:
        assert time.monotonic() < deadline, condition
        time.sleep(0.05)


def in_background(database: Database, migrations: dict[str, str], **overrides) -> tuple[threading.Thread, list]:
    outcomes: list = []
    target = database.target(**overrides)
    thread = threading.Thread(target=lambda: outcomes.append(database.run(migrations, target=target)))
    thread.start()
    return thread, outcomes


def test_no_file_frees_the_lock_of_its_run(database: Database) -> None:
    database.run(ONE)
    held = {
        **ONE,
        "0002_b.sql": "SELECT pg_advisory_unlock_all();\nLOCK TABLE public.a IN ACCESS EXCLUSIVE MODE;\n",
    }
    with closing(database.connect()) as reader:
        reader.autocommit = False
        reader.cursor().execute("SELECT FROM public.a")
        thread, outcomes = in_background(database, held, lock_timeout=600)
        wait_for(
            database,
            "EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'LOCK TABLE public.a%'"
            " AND wait_event_type = 'Lock')",
        )
        second = database.run(held, target=database.target(lock_wait=0.3), expect_failure=True)
        assert second.failure.startswith("another run holds the lock of this database (backend ")
    thread.join(60)
    assert outcomes[0].applied == ["0002_b.sql"]


def test_no_application_holds_the_lock_of_a_run(database: Database) -> None:
    with closing(database.connect("jarvis")) as application, application.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", session.lock_key("run"))
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("BEGIN; LOCK TABLE pg_catalog.pg_config IN ACCESS SHARE MODE")
        assert database.run(ONE, target=database.target(lock_wait=0)).applied == ["0001_a.sql"]


def test_a_concurrent_index_waits_for_an_older_snapshot_longer_than_for_a_lock(database: Database) -> None:
    build = {**ONE, "0002_index.sql": "-- no-transaction\nCREATE INDEX CONCURRENTLY a_id ON public.a (id);\n"}
    database.run(ONE)
    with closing(database.connect()) as dump:
        dump.cursor().execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        thread, outcomes = in_background(database, build, lock_timeout=0.1)
        # Ten times the time that a statement waits for a lock.
        wait_for(
            database,
            "EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%'"
            " AND wait_event = 'virtualxid' AND now() - state_change > '1 s')",
        )
    thread.join(60)
    assert outcomes[0].applied == ["0002_index.sql"]
    assert database.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'public.a_id'::regclass") == [(True,)]


def test_other_statements_of_such_a_file_do_not_keep_the_application_waiting(database: Database) -> None:
    change = {**ONE, "0002_b.sql": "-- no-transaction\nALTER TABLE public.a ADD COLUMN b integer;\n"}
    database.run(ONE)
    with closing(database.connect()) as dump:
        dump.cursor().execute("BEGIN; SELECT FROM public.a")
        outcome = database.run(change, target=database.target(lock_timeout=0.1), expect_failure=True)
    assert "canceling statement due to lock timeout" in outcome.failure


def test_limit_of_such_a_file_itself_stays(database: Database) -> None:
    build = "SET lock_timeout = '100ms';\nCREATE INDEX CONCURRENTLY a_id ON public.a (id);\n"
    database.run(ONE)
    with closing(database.connect()) as dump:
        dump.cursor().execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        outcome = database.run({**ONE, "0002_index.sql": f"-- no-transaction\n{build}"}, expect_failure=True)
    assert "canceling statement due to lock timeout" in outcome.failure


def test_files_may_look_after_the_whole_database_while_the_lock_is_held(database: Database) -> None:
    files = {
        **ONE,
        "0002_analyze.sql": "ANALYZE;\n",
        "0003_vacuum.sql": "-- no-transaction\nVACUUM;\n",
        "0004_level.sql": "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nSELECT FROM public.a;\n",
        "0005_extension.sql": "CREATE SCHEMA crypto;\nCREATE EXTENSION pgcrypto SCHEMA crypto;\n",
    }
    assert database.run(files).applied == sorted(files)


@pytest.mark.parametrize(
    ("statement", "hinted"),
    [
        ("SELECT FROM agent", True),
        ("SELECT FROM public.agent", False),
        ("CREATE TABLE agent (id integer)", True),
        ("SELECT add(1, 2)", True),
        ("SELECT public.add(1, 2)", False),
        ("SELECT 1 === 2", True),
        ("CREATE TABLE public.b (mood mood)", True),
        ("CREATE TABLE public.b (mood public.mood)", False),
        ("DROP INDEX agent", True),
        ("GRANT nobody TO jarvis", False),
        ("SELECT nope", False),
        ("CREATE TABLE nowhere.b (id integer)", False),
    ],
)
def test_an_unqualified_name_is_told_what_it_lacks(database: Database, statement: str, hinted: bool) -> None:
    told = database.run({"0001_x.sql": f"{statement};\n"}, expect_failure=True).failure
    hint = "HINT: The search path of a migration is empty: write each name with its schema, such as public.agent_state"
    assert (hint in told) is hinted, told


def test_a_new_database_takes_files_of_earlier_releases_up_to_the_number_that_it_is_told(database: Database) -> None:
    released = {
        "0001_a.sql": "CREATE TABLE a (id integer);\n",
        "0002_b.sql": "-- no-transaction\nCREATE INDEX ON a (id);\n",
    }
    assert database.run(released, unqualified_until=2, check_mode=True).pending == sorted(released)
    assert database.run(released, unqualified_until=2).applied == sorted(released)
    later = {**released, "0003_c.sql": "CREATE TABLE c (id integer);\n"}
    told = database.run(later, unqualified_until=2, expect_failure=True).failure
    assert "0003_c.sql:1:14: ERROR: no schema has been selected to create in [3F000]" in told
    # The ledger has the file's search path by now.
    assert database.run(released, state="verified").drift == []


# Makes the ledger as earlier releases had it.
EARLIER_LEDGER = """
DROP FUNCTION jarvis_meta.record(text);
DROP TABLE jarvis_meta.permits;
ALTER TABLE jarvis_meta.migrations DROP COLUMN search_path;
REVOKE ALL ON SCHEMA jarvis_meta FROM jarvis_migrator;
UPDATE jarvis_meta.catalog SET made_of = 'of an earlier release';
"""


def test_a_file_that_an_earlier_release_applied_keeps_its_search_path(database: Database) -> None:
    qualified = {**ONE, "0002_b.sql": "CREATE TABLE public.b (id integer);\n"}
    database.run(qualified)
    released = {**ONE, "0002_b.sql": "CREATE TABLE b (id integer);\n"}  # which ran with search_path = public
    digest = hashlib.sha256(released["0002_b.sql"].encode()).hexdigest()
    database.execute(f"{EARLIER_LEDGER} UPDATE jarvis_meta.migrations SET sha256 = '{digest}' WHERE version = 2")
    before = database.execute("SELECT version, name, sha256, state, started_at FROM jarvis_meta.migrations ORDER BY 1")
    assert database.run(released, check_mode=True).warnings == []
    outcome = database.run(released)
    assert (outcome.applied, outcome.warnings) == ([], [])
    assert (
        database.execute("SELECT version, name, sha256, state, started_at FROM jarvis_meta.migrations ORDER BY 1")
        == before
    )
    later = {**released, "0003_c.sql": "CREATE TABLE public.c (id integer);\n"}
    assert database.run(later).applied == ["0003_c.sql"]
    assert database.run(later, state="verified").drift == []
    assert database.execute("SELECT version, search_path FROM jarvis_meta.migrations ORDER BY 1") == [
        (1, "public"),
        (2, "public"),
        (3, ""),
    ]
