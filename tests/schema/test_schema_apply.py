"""Applying files: what is kept, what is refused, and what an error says."""

from __future__ import annotations

import pathlib

import psycopg2
import pytest
from schema_server import Database, Server, shipped

SHIPPED_NAMES = [
    "0001_tables.sql",
    "0002_two_row_integrity.sql",
    "0003_append_only.sql",
    "0004_indexes.sql",
    "0005_views.sql",
    "0006_grants.sql",
    "0007_reader_sequences.sql",
    "0008_open_tool_calls.sql",
    "0009_log_vacuum.sql",
    "0010_drop_tool_calls_open_idx.sql",
]
ONE = {"0001_a.sql": "CREATE TABLE public.a (id integer);\n"}
TWO = {**ONE, "0002_b.sql": "CREATE TABLE public.b (id integer);\nALTER TABLE public.b ADD COLUMN n text;\n"}


def tables(database: Database) -> list[str]:
    return [
        name for (name,) in database.execute("SELECT tablename FROM pg_tables WHERE schemaname='public' ORDER BY 1")
    ]


def test_a_fresh_database_gets_every_shipped_file_once(database: Database) -> None:
    outcome = database.run()
    assert outcome.applied[:10] == SHIPPED_NAMES
    assert (outcome.pending, outcome.drift, outcome.version) == ([], [], len(shipped()))
    assert tables(database) == [
        "agent_state",
        "decision_log",
        "memory_facts",
        "planning_cycles",
        "tool_calls",
        "tool_calls_open",
    ]
    owners = database.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
    assert owners == [("jarvis_owner",)]


def test_a_second_run_applies_nothing_and_writes_nothing(deployed: Database) -> None:
    deployed.execute("CHECKPOINT")
    transactions = "SELECT pg_snapshot_xmax(pg_current_snapshot())"  # those that wrote anything
    before = deployed.execute(transactions)
    deployed.run()
    assert deployed.execute(transactions) == before
    written = []  # bytes of the write-ahead log
    # The server sometimes writes for its own reasons. A run that writes would do so each time.
    for _ in range(3):
        ((before,),) = deployed.execute("SELECT pg_current_wal_lsn()")
        outcome = deployed.run()
        written += deployed.execute(f"SELECT pg_current_wal_lsn() - '{before}'")
        assert outcome.applied == []
        assert outcome.as_result(would_apply=False)["changed"] is False
    assert min(written) == (0,)


def test_only_new_files_run(database: Database) -> None:
    database.run(ONE)
    outcome = database.run(TWO)
    assert (outcome.applied, outcome.version) == (["0002_b.sql"], 2)
    assert database.ledger() == [(1, "applied"), (2, "applied")]


def test_a_failing_second_file_keeps_the_first_and_only_the_first(database: Database) -> None:
    failing = {
        **ONE,
        # This passes the rehearsal, and fails in any other database.
        "0002_b.sql": "CREATE TABLE public.half (id integer);\nSELECT 1 / count(*) FROM pg_database"
        " WHERE datname = current_database() AND datname LIKE 'jarvis\\_shadow\\_%';\n",
    }
    outcome = database.run(failing, expect_failure=True)
    assert (outcome.applied, outcome.pending, outcome.version) == (["0001_a.sql"], ["0002_b.sql"], 1)
    assert outcome.as_result(would_apply=False)["changed"] is True
    assert "0002_b.sql:2:1: ERROR: division by zero [22012]" in outcome.failure
    assert tables(database) == ["a"]
    assert database.ledger() == [(1, "applied")]


def test_an_error_in_the_rehearsal_leaves_the_database_untouched(database: Database) -> None:
    outcome = database.run({**ONE, "0002_b.sql": "CREATE TABLE public.a (id integer);\n"}, expect_failure=True)
    assert outcome.applied == []
    assert outcome.failure.startswith("The rehearsal failed, so the database was not touched:\n0002_b.sql:1:1: ERROR:")
    assert tables(database) == []
    assert database.execute("SELECT to_regclass('jarvis_meta.migrations')") == [(None,)]


def test_a_syntax_error_tells_file_line_column_code_and_shows_the_place(database: Database) -> None:
    broken = 'CREATE TABLE public.b ("größe 日本" integer, c text NOT NULLL);'
    text = f"-- Größe\nCREATE TABLE public.a (id integer);\n{broken}\n"
    outcome = database.run({"0001_x.sql": text}, expect_failure=True)
    assert outcome.failure.splitlines()[1:] == [
        '0001_x.sql:3:55: ERROR: syntax error at or near "NULLL" [42601]',
        '    3 | CREATE TABLE public.b ("größe 日本" integer, c text NOT NULLL);',
        # Two of the characters before it are two columns wide.
        "      | " + " " * 56 + "^",
    ]


def test_an_error_while_running_tells_the_statement_and_the_context(database: Database) -> None:
    text = "SELECT 1;\n\n  DO $$\nBEGIN\n  RAISE EXCEPTION 'no %', 'way' USING HINT = 'turn back';\nEND $$;\n"
    outcome = database.run({"0001_x.sql": text}, expect_failure=True)
    assert outcome.failure.splitlines()[1:] == [
        "0001_x.sql:3:3: ERROR: no way [P0001]",
        "    3 |   DO $$",
        "      |   ^",
        "HINT: turn back",
        "CONTEXT: PL/pgSQL function inline_code_block line 3 at RAISE",
    ]


def test_an_unknown_column_is_shown_where_it_stands(database: Database) -> None:
    text = "CREATE TABLE public.a (id integer);\nCREATE VIEW public.v AS\n\tSELECT id,\n\t\tnope FROM public.a;\n"
    outcome = database.run({"0001_x.sql": text}, expect_failure=True)
    assert outcome.failure.splitlines()[1:] == [
        '0001_x.sql:4:3: ERROR: column "nope" does not exist [42703]',
        "    4 | \t\tnope FROM public.a;",
        "      | \t\t^",
    ]


def test_a_deferred_constraint_fails_with_the_name_of_its_file(database: Database) -> None:
    text = (
        "CREATE TABLE public.a (id integer PRIMARY KEY);\n"
        "CREATE TABLE public.b (a integer REFERENCES public.a DEFERRABLE INITIALLY DEFERRED);\n"
        "INSERT INTO public.b VALUES (7);\n"
    )
    outcome = database.run({"0001_x.sql": text}, expect_failure=True)
    assert '0001_x.sql:3:1: ERROR: insert or update on table "b" violates foreign key constraint' in outcome.failure


def test_what_a_file_defers_to_its_end_still_runs_as_the_owner(database: Database) -> None:
    text = (
        "CREATE TABLE public.a (id integer);\nCREATE TABLE public.who (name text);\n"
        "CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS\n"
        "    $$ BEGIN INSERT INTO public.who VALUES (current_user); RETURN NULL; END $$;\n"
        "CREATE CONSTRAINT TRIGGER note AFTER INSERT ON public.a DEFERRABLE INITIALLY DEFERRED\n"
        "    FOR EACH ROW EXECUTE FUNCTION public.note();\n"
        "INSERT INTO public.a VALUES (1);\n"
    )
    database.run({"0001_x.sql": text})
    assert database.execute("SELECT DISTINCT name FROM public.who") == [("jarvis_owner",)]


def test_percent_signs_and_colons_are_plain_text(database: Database) -> None:
    database.run({"0001_x.sql": "CREATE TABLE public.a AS SELECT '50 %s %(x)s :y'::text AS t, 7 % 4 AS n;\n"})
    assert database.execute("SELECT t, n FROM public.a") == [("50 %s %(x)s :y", 3)]


def test_an_edited_file_is_refused_with_both_checksums(database: Database) -> None:
    database.run(ONE)
    outcome = database.run({"0001_a.sql": "CREATE TABLE public.a (id bigint);\n"}, expect_failure=True)
    assert outcome.failure == (
        "0001_a.sql: was edited after it was applied: "
        "sha256 665bf16566061c3c65caf82ca310ba734b2fd673b7dfb84f247eddab4fb6e241 in the ledger, "
        "3154d5b2f8c888877d768df38b43ff9c19bdce1736dc78f65c33905c7650e7a2 in the file; "
        "restore the file and put the change into a new one"
    )


def test_a_file_older_than_the_newest_applied_one_is_refused(database: Database) -> None:
    database.run({"0002_b.sql": "SELECT 1;\n"})
    outcome = database.run({"0001_a.sql": "SELECT 1;\n", "0002_b.sql": "SELECT 1;\n"}, expect_failure=True)
    assert outcome.failure == (
        "0001_a.sql: is older than 0002_b.sql, which is applied already; give it a number above 0002"
    )


def test_a_missing_file_is_refused(database: Database) -> None:
    database.run(TWO)
    outcome = database.run(ONE, expect_failure=True)
    assert outcome.failure.startswith("0002_b.sql: recorded as applied in the ledger (sha256 ")
    assert outcome.failure.endswith("but the file is gone; bring it back as it was")


@pytest.mark.parametrize(
    "leak",
    [
        "SET ROLE jarvis_owner",
        "SET search_path = nowhere",
        "SET lock_timeout = '1ms'",
        "SET default_transaction_read_only = on",
        "CREATE TEMPORARY TABLE migrations (n integer)",
        "PREPARE p AS SELECT 1",
        "LISTEN something",
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
    ],
)
def test_what_a_file_leaves_in_the_session_does_not_reach_the_ledger_or_the_next_file(
    database: Database, leak: str
) -> None:
    database.run(
        {
            "0001_leak.sql": f"CREATE TABLE public.a (id integer);\n{leak};\n",
            "0002_next.sql": """
            CREATE TABLE public.b AS SELECT
                current_user::text, session_user::text, current_setting('search_path') AS path,
                current_setting('lock_timeout') AS lock_timeout, to_regclass('pg_temp.migrations') AS temporary,
                (SELECT count(*) FROM pg_prepared_statements) + (SELECT count(*) FROM pg_cursors)
                + (SELECT count(*) FROM pg_listening_channels()) AS held;
            """,
        }
    )
    assert database.execute("SELECT * FROM public.b") == [("jarvis_owner", "jarvis_migrator", "", "5s", None, 0)]
    assert database.ledger() == [(1, "applied"), (2, "applied")]


def test_a_file_cannot_become_superuser(database: Database) -> None:
    outcome = database.run({"0001_x.sql": "RESET ROLE;\nSET ROLE postgres;\n"}, expect_failure=True)
    assert '0001_x.sql:2:1: ERROR: permission denied to set role "postgres" [42501]' in outcome.failure


def test_a_file_cannot_write_the_ledger(database: Database) -> None:
    database.run(ONE)
    forged = {**ONE, "0002_b.sql": "DELETE FROM jarvis_meta.migrations;\n"}
    assert "permission denied for schema jarvis_meta" in database.run(forged, expect_failure=True).failure


def test_a_statement_that_waits_too_long_for_a_table_gives_up_its_file(database: Database) -> None:
    database.run(ONE)
    holder = database.connect()
    holder.autocommit = False
    holder.cursor().execute("LOCK TABLE public.a IN ACCESS EXCLUSIVE MODE")
    outcome = database.run(
        {**ONE, "0002_b.sql": "CREATE TABLE public.b (n integer);\nALTER TABLE public.a ADD COLUMN n integer;\n"},
        target=database.target(lock_timeout=0.2),
        expect_failure=True,
    )
    holder.close()
    assert "0002_b.sql:2:1: ERROR: canceling statement due to lock timeout [55P03]" in outcome.failure
    assert tables(database) == ["a"]


def test_a_statement_that_takes_too_long_gives_up_its_file(database: Database) -> None:
    outcome = database.run(
        {"0001_x.sql": "SELECT pg_sleep(5);\n"}, target=database.target(statement_timeout=0.2), expect_failure=True
    )
    assert "0001_x.sql:1:1: ERROR: canceling statement due to statement timeout [57014]" in outcome.failure


def test_a_missing_database_is_named(server: Server) -> None:
    outcome = Database(server, "nobody_made_it").run(ONE, expect_failure=True)
    assert outcome.failure == ("the database nobody_made_it does not exist; the role that runs the server creates it")


def test_a_server_that_is_not_there_is_an_error_and_no_traceback(tmp_path: pathlib.Path) -> None:
    outcome = Database(Server("none", str(tmp_path)), "none").run(ONE, expect_failure=True)
    assert "No such file or directory" in outcome.failure


def test_the_ledger_is_not_for_the_application(deployed: Database) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        deployed.execute("SELECT * FROM jarvis_meta.migrations", user="jarvis")
