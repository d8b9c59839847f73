"""The preview tells what a real run then does, and leaves the database alone."""

from __future__ import annotations

import pathlib
import subprocess

import psycopg2
import pytest
from jarvis_schema import catalog, drift, session, shadow
from schema_server import Database, Server, shipped

ADDED = {
    **shipped(),
    "0900_sessions.sql": (
        "CREATE TYPE public.mood AS ENUM ('good', 'bad');\n"
        "CREATE TABLE public.sessions (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
        "    mood public.mood NOT NULL, call integer REFERENCES public.tool_calls (id));\n"
        "ALTER TABLE public.agent_state ADD COLUMN note text DEFAULT 'none';\n"
        "CREATE VIEW public.moods AS SELECT mood, count(*) FROM public.sessions GROUP BY mood;\n"
        "GRANT SELECT ON public.sessions TO jarvis;\n"
    ),
    "0901_index.sql": "-- no-transaction\nCREATE INDEX CONCURRENTLY sessions_mood ON public.sessions (mood);\n",
}


def snapshot(database: Database) -> catalog.Snapshot:
    connection = session.connect(database.target(), database.name)
    try:
        return catalog.snapshot(connection, 1)
    finally:
        connection.close()


def shadows(server: Server) -> list[str]:
    return [name for (name,) in server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'jarvis\\_shadow%'")]


def test_a_preview_equals_what_then_happens(deployed: Database) -> None:
    before = snapshot(deployed)
    previewed = deployed.run(ADDED, check_mode=True)
    assert snapshot(deployed) == before
    applied = deployed.run(ADDED)
    assert previewed.pending == applied.applied == ["0900_sessions.sql", "0901_index.sql"]
    assert previewed.diff == applied.diff
    # The database became what the diff said, because there is no drift from the rehearsal's second snapshot.
    assert applied.drift == []
    changed = {f"{found.kind} {found.identity}" for found in drift.compare(before, snapshot(deployed))[0]}
    told = {line for line in previewed.diff["after"].splitlines() if not line.startswith(" ")}
    assert told == changed
    assert {"table public.sessions", "enum public.mood", "index public.sessions_mood"} < told


def test_a_preview_shows_the_objects_and_the_facts_that_change(deployed: Database) -> None:
    outcome = deployed.run(
        {**shipped(), "0900_x.sql": "ALTER TABLE public.memory_facts ALTER subject SET DEFAULT 'x';"}, check_mode=True
    )
    assert outcome.as_result(would_apply=True)["changed"] is True
    assert outcome.diff == {
        "before_header": "catalog",
        "after_header": "catalog with the pending files",
        "before": "column public.memory_facts.subject\n    not_null: yes\n    type: text\n",
        "after": "column public.memory_facts.subject\n    default: 'x'::text\n    not_null: yes\n    type: text\n",
    }


def test_a_preview_that_would_fail_fails_with_the_same_message(deployed: Database) -> None:
    broken = {**shipped(), "0900_x.sql": "ALTER TABLE public.nope ADD n integer;\n"}
    previewed = deployed.run(broken, check_mode=True, expect_failure=True)
    applied = deployed.run(broken, expect_failure=True)
    assert previewed.failure == applied.failure
    assert '0900_x.sql:1:1: ERROR: relation "public.nope" does not exist [42P01]' in applied.failure


def test_a_preview_with_nothing_pending_is_no_change(deployed: Database) -> None:
    outcome = deployed.run(check_mode=True)
    assert outcome.as_result(would_apply=True)["changed"] is False
    assert (outcome.pending, outcome.diff, outcome.drift, outcome.warnings) == ([], {}, [], [])


def test_a_preview_tells_drift_as_a_warning(deployed: Database) -> None:
    deployed.execute("DROP INDEX decision_log_cycle_id_idx")
    outcome = deployed.run(check_mode=True)
    assert outcome.warnings == ["Drift: index public.decision_log_cycle_id_idx is missing"]


def test_a_preview_takes_no_lock_on_the_tables_and_does_not_wait_for_one(deployed: Database) -> None:
    holder = deployed.connect()
    holder.autocommit = False
    with holder.cursor() as cursor:
        cursor.execute(
            "LOCK TABLE public.agent_state, public.memory_facts, public.tool_calls, public.decision_log,"
            " public.planning_cycles, public.tool_call_history"
        )
        outcome = deployed.run(ADDED, check_mode=True)
        assert outcome.pending == ["0900_sessions.sql", "0901_index.sql"]
        assert outcome.warnings == ["Drift is not known: somebody holds an exclusive lock on a table or a view"]
    holder.close()


def test_a_preview_does_not_wait_for_a_run_and_no_run_for_a_preview(deployed: Database) -> None:
    with session.run_lock(deployed.target()):
        assert deployed.run(ADDED, check_mode=True).pending == ["0900_sessions.sql", "0901_index.sql"]


def test_a_preview_works_before_the_database_exists(server: Server) -> None:
    outcome = Database(server, "not_yet_there").run(ADDED, check_mode=True)
    assert len(outcome.pending) == len(ADDED)
    assert "table public.agent_state" in outcome.diff["after"]
    assert outcome.diff["before"].splitlines()[0] == "schema public"
    assert "table" not in outcome.diff["before"]


def test_a_preview_works_before_the_roles_exist(server: Server) -> None:
    outcome = Database(server, "not_yet_there").run(check_mode=True, reader_roles=["not_yet_made"])
    assert len(outcome.pending) == len(shipped())
    assert outcome.warnings == ["Nothing was tried, because roles do not exist yet: not_yet_made"]


def test_a_preview_works_before_the_server_exists(tmp_path: pathlib.Path) -> None:
    outcome = Database(Server("none", str(tmp_path / "nowhere")), "jarvis").run(check_mode=True)
    assert outcome.as_result(would_apply=True)["changed"] is True
    assert len(outcome.pending) == len(shipped())
    assert outcome.warnings == [f"No server at {tmp_path}/nowhere/.s.PGSQL.5432 yet: a real run applies all files"]


def test_no_shadow_is_left_by_success_or_failure(deployed: Database) -> None:
    deployed.run(ADDED, check_mode=True)
    deployed.run({**ADDED, "0999_x.sql": "nonsense;"}, check_mode=True, expect_failure=True)
    deployed.run(state="verified")
    assert shadows(deployed.server) == []


def test_a_shadow_that_was_left_behind_is_removed_by_the_next_rehearsal(deployed: Database) -> None:
    killed = "jarvis_shadow_0123456789abcdef"
    deployed.execute(f"CREATE DATABASE {killed} CONNECTION LIMIT 0")
    deployed.run(ADDED, check_mode=True)
    assert shadows(deployed.server) == []


def test_databases_that_are_no_shadows_or_in_use_are_not_removed(deployed: Database) -> None:
    somebodys = "jarvis_shadow_fedcba9876543210"  # the name of a shadow, but not its mark
    deployed.execute(f"CREATE DATABASE {somebodys}")
    with shadow.shadow(deployed.target()) as used:
        deployed.run(ADDED, check_mode=True)
        with used.cursor() as cursor:
            cursor.execute("SELECT current_database()")
            ((name,),) = cursor.fetchall()
        assert sorted(shadows(deployed.server)) == sorted([name, somebodys])
    deployed.execute(f"DROP DATABASE {somebodys}")
    assert shadows(deployed.server) == []


def test_nobody_but_administrator_and_migrator_can_enter_a_shadow(deployed: Database) -> None:
    with (
        shadow.shadow(deployed.target()) as used,
        pytest.raises(psycopg2.OperationalError, match="permission denied for database"),
    ):
        deployed.server.connect(used.info.dbname, "jarvis_readonly")


def test_a_database_restored_from_a_dump_shows_no_drift(deployed: Database) -> None:
    files = {
        **ADDED,
        "0902_more.sql": (
            "CREATE TABLE public.kinds (id integer PRIMARY KEY, kind varchar(9) CHECK (kind IN ('a', 'b')), old text,\n"
            "    CHECK (id > 0) NOT VALID);\n"
            "ALTER TABLE public.kinds DROP COLUMN old;\n"
            "CREATE VIEW public.some_kinds AS SELECT * FROM public.kinds WHERE kind IN ('a', 'it''s');\n"
            "CREATE DOMAIN public.share AS numeric(3, 2) CHECK (VALUE BETWEEN 0 AND 1);\n"
            "CREATE FUNCTION public.add(integer, integer) RETURNS integer LANGUAGE sql\n"
            "    BEGIN ATOMIC SELECT $1 + $2; END;\n"
            "ALTER TABLE public.kinds ENABLE ROW LEVEL SECURITY;\n"
            "CREATE POLICY few ON public.kinds FOR SELECT TO jarvis USING (kind = 'a');\n"
            "CREATE RULE silence AS ON DELETE TO public.kinds DO INSTEAD NOTHING;\n"
            "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO jarvis_readonly;\n"
        ),
    }
    deployed.run(files)
    deployed.execute("INSERT INTO public.tool_calls (tool_name, input) VALUES ('t', '{}')")
    restored = Database(deployed.server, f"{deployed.name}_restored")
    deployed.server.create_database(restored.name)
    script = (
        f"set -e; pg_dump -U postgres -Fc {deployed.name} > /tmp/d; pg_restore -U postgres -d {restored.name} /tmp/d"
    )
    done = subprocess.run(
        ["docker", "exec", deployed.server.container, "sh", "-c", script], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    outcome = restored.run(files, state="verified")
    assert (outcome.drift, outcome.version) == ([], 902)
    assert restored.run(files).applied == []
    assert restored.execute("SELECT tool_name FROM public.tool_calls") == [("t",)]
