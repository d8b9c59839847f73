"""What the shipped schema promises to the agent, and what it refuses to everybody."""

from __future__ import annotations

import pytest
from psycopg2 import errors
from schema_server import Database, Server

LOGS = {"tool_calls": "status", "decision_log": "decision", "planning_cycles": "status"}  # and a column of each
ROWS = """
INSERT INTO tool_calls (tool_name, input) VALUES ('search', '{"q": 1}');
INSERT INTO planning_cycles (goals) VALUES ('["live"]');
INSERT INTO decision_log (cycle_id, reasoning, decision) VALUES (1, '{}', 'go on');
INSERT INTO agent_state (key, value) VALUES ('mood', '"good"');
INSERT INTO memory_facts (subject, body) VALUES ('sun', '{"learned": "today"}');
"""
CHANGES = [
    "UPDATE {table} SET {column} = {column}",
    "UPDATE {table} SET {column} = {column} WHERE false",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "TRUNCATE {table} CASCADE",
    "MERGE INTO {table} t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE",
    "INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM {table}"
    " ON CONFLICT (id) DO UPDATE SET {column} = excluded.{column}",
    "WITH gone AS (DELETE FROM {table} RETURNING *) SELECT * FROM gone",
]


@pytest.fixture
def rows(deployed: Database) -> Database:
    deployed.execute(ROWS, user="jarvis")
    return deployed


@pytest.fixture(scope="module")
def unchanged(server: Server) -> Database:
    """Make one database for all tests in which everything is refused."""
    server.create_database("unchanged", template="shipped")
    database = Database(server, "unchanged")
    database.execute(ROWS, user="jarvis")
    return database


@pytest.mark.parametrize("table", LOGS)
@pytest.mark.parametrize("change", CHANGES)
def test_the_application_cannot_change_a_log(unchanged: Database, table: str, change: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        unchanged.execute(change.format(table=table, column=LOGS[table]), user="jarvis")


@pytest.mark.parametrize("table", LOGS)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    "who", ["", "SET SESSION AUTHORIZATION jarvis_owner;", "SET session_replication_role = replica;"]
)
def test_owner_and_superuser_cannot_change_a_log(unchanged: Database, table: str, change: str, who: str) -> None:
    with pytest.raises(errors.RestrictViolation, match=f"on public.{table} refused: the table is append-only"):
        unchanged.execute(who + change.format(table=table, column=LOGS[table]))


def test_the_refusal_says_what_to_do_instead(rows: Database) -> None:
    with pytest.raises(errors.RestrictViolation) as refused:
        rows.execute("UPDATE tool_calls SET status = 'done'")
    assert refused.value.diag.message_primary == "UPDATE on public.tool_calls refused: the table is append-only"
    assert refused.value.diag.message_hint == (
        "To complete a call, insert a second row whose parent_id is the id of the first."
    )


@pytest.mark.parametrize(
    "attempt",
    [
        "SET session_replication_role = replica",
        "ALTER TABLE tool_calls DISABLE TRIGGER ALL",
        "ALTER TABLE tool_calls DISABLE TRIGGER tool_calls_append_only",
        "DROP TRIGGER tool_calls_append_only ON tool_calls",
        "CREATE TRIGGER mine BEFORE INSERT ON tool_calls EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE mine AS ON INSERT TO tool_calls DO INSTEAD NOTHING",
        "ALTER TABLE tool_calls ADD COLUMN extra integer",
        "ALTER TABLE agent_state OWNER TO jarvis",
        "DROP TABLE agent_state",
        "DROP VIEW tool_call_history",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "DROP FUNCTION refuse_change() CASCADE",
        "CREATE INDEX ON tool_calls (status)",
        "CREATE TABLE mine () INHERITS (tool_calls)",
        "CREATE TABLE mine (n integer REFERENCES tool_calls (id) ON DELETE CASCADE)",
        "CREATE TABLE jarvis_meta.mine (n integer)",
        "CREATE SCHEMA mine",
        "SET ROLE jarvis_owner",
        "DELETE FROM memory_facts",
        "INSERT INTO tool_call_history (tool_name) VALUES ('x')",
        "DELETE FROM open_tool_calls",
        "UPDATE open_tool_calls SET status = 'x'",
    ],
)
def test_the_application_cannot_get_round_it(unchanged: Database, attempt: str) -> None:
    with pytest.raises((errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState)):
        unchanged.execute(attempt, user="jarvis")


def test_the_application_cannot_grant_itself_more(rows: Database) -> None:
    rows.execute("GRANT UPDATE ON tool_calls TO jarvis", user="jarvis")  # only a warning, but without effect
    assert rows.execute("SELECT has_table_privilege('jarvis', 'tool_calls', 'UPDATE')") == [(False,)]


def test_a_writable_view_of_the_application_does_not_help(rows: Database) -> None:
    rows.execute("CREATE VIEW mine AS SELECT * FROM tool_calls", user="jarvis")
    for change in ("UPDATE mine SET status = 'x'", "DELETE FROM mine"):
        with pytest.raises(errors.InsufficientPrivilege):
            rows.execute(change, user="jarvis")


def test_the_owners_writable_view_is_refused_too(rows: Database) -> None:
    with pytest.raises(errors.RestrictViolation):
        rows.execute("DELETE FROM open_tool_calls")


def test_state_is_upserted_and_deleted(rows: Database) -> None:
    insert = "INSERT INTO agent_state (key, value) VALUES ('mood', '\"bad\"')"
    upsert = f"{insert} ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    rows.execute(upsert, user="jarvis")
    assert rows.execute("SELECT key, value FROM agent_state", user="jarvis") == [("mood", "bad")]
    rows.execute("DELETE FROM agent_state WHERE key = 'mood'", user="jarvis")


def test_a_fact_becomes_stale(rows: Database) -> None:
    rows.execute("UPDATE memory_facts SET is_stale = true WHERE subject = 'sun'", user="jarvis")
    assert rows.execute("SELECT is_stale FROM memory_facts") == [(True,)]


def test_a_subject_may_be_longer_than_a_btree_entry(rows: Database) -> None:
    rows.execute(
        "INSERT INTO memory_facts (subject, body)"
        " SELECT string_agg(md5(n::text), ''), '{}' FROM generate_series(1, 500) n",
        user="jarvis",
    )


def test_the_application_makes_changes_and_drops_its_own_tables(rows: Database) -> None:
    rows.execute("CREATE TABLE mine (id serial, n integer); ALTER TABLE mine ADD COLUMN t text", user="jarvis")
    rows.execute(
        "INSERT INTO mine (n) VALUES (1); UPDATE mine SET n = 2; TRUNCATE mine; DROP TABLE mine", user="jarvis"
    )


def complete(database: Database, table: str, parent: int, columns: str, values: str) -> None:
    database.execute(f"INSERT INTO {table} (parent_id, {columns}) VALUES ({parent}, {values})", user="jarvis")


@pytest.mark.parametrize(
    ("table", "columns", "values", "constraint"),
    [
        ("tool_calls", "tool_name, input", "'search', '{}'", "tool_calls_parent_id_tool_calls_id_fk"),
        ("planning_cycles", "goals", "'[]'", "planning_cycles_parent_id_planning_cycles_id_fk"),
    ],
)
def test_a_start_is_completed_once_by_one_row(
    rows: Database, table: str, columns: str, values: str, constraint: str
) -> None:
    complete(rows, table, 1, columns, values)
    with pytest.raises(errors.UniqueViolation) as twice:
        complete(rows, table, 1, columns, values)
    assert twice.value.diag.constraint_name == f"{table}_parent_id_unique"
    with pytest.raises(errors.CheckViolation, match="is a completion itself") as completed:
        complete(rows, table, 2, columns, values)
    assert completed.value.diag.message_hint == "parent_id must name the start row, which is 1."
    with pytest.raises(errors.ForeignKeyViolation, match="99 does not exist") as missing:
        complete(rows, table, 99, columns, values)
    assert missing.value.diag.constraint_name == constraint


def test_rows_cannot_name_themselves_or_each_other(rows: Database) -> None:
    for pairs in ("(50, 50)", "(60, 61), (61, 60)"):
        with pytest.raises(errors.ForeignKeyViolation):
            rows.execute(
                "INSERT INTO tool_calls (id, parent_id, tool_name, input) OVERRIDING SYSTEM VALUE"
                f" SELECT a, b, 't', '{{}}' FROM (VALUES {pairs}) AS v (a, b)",
                user="jarvis",
            )


def test_a_call_is_completed_by_the_tool_that_started_it(rows: Database) -> None:
    with pytest.raises(errors.CheckViolation) as refused:
        complete(rows, "tool_calls", 1, "tool_name, input", "'other', '{}'")
    assert refused.value.diag.message_primary == 'tool call 1 was started by the tool "search", not "other"'
    assert refused.value.diag.column_name == "tool_name"


def test_the_trigger_functions_ignore_what_the_application_puts_into_public(rows: Database) -> None:
    rows.execute(
        "CREATE FUNCTION public.neq(varchar, varchar) RETURNS boolean LANGUAGE sql RETURN false;"
        "CREATE OPERATOR public.<> (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.neq);",
        user="jarvis",
    )
    with pytest.raises(errors.CheckViolation):
        complete(rows, "tool_calls", 1, "tool_name, input", "'other', '{}'")


def test_words_of_status_and_cycles_of_decisions_are_the_agents_business(rows: Database) -> None:
    rows.execute("INSERT INTO tool_calls (tool_name, status, input) VALUES ('t', 'whatever', '{}')", user="jarvis")
    rows.execute("INSERT INTO decision_log (cycle_id, reasoning, decision) VALUES (12345, '{}', 'x')", user="jarvis")


def test_history_shows_start_and_completion_as_one_row(rows: Database) -> None:
    rows.execute(
        """
        INSERT INTO tool_calls (tool_name, input, started_at) VALUES ('slow', '{}', '2026-01-01 10:00');
        INSERT INTO tool_calls (parent_id, tool_name, status, input, output, started_at, completed_at)
            VALUES (2, 'slow', 'success', '{}', '{"a": 1}', '2026-01-01 10:00', '2026-01-01 10:00:01.5');
        INSERT INTO tool_calls (tool_name, status, input, error, duration_ms, completed_at)
            VALUES ('quick', 'error', '{}', 'no', 7, now());
        """,
        user="jarvis",
    )
    query = (
        "SELECT id, completion_id, tool_name, outcome, output, error, duration_ms FROM tool_call_history ORDER BY id"
    )
    assert rows.execute(query, user="jarvis_readonly") == [
        (1, None, "search", None, None, None, None),
        (2, 3, "slow", "success", {"a": 1}, None, 1500),
        (4, None, "quick", "error", None, "no", 7),
    ]
    assert rows.execute("SELECT id, tool_name FROM open_tool_calls", user="jarvis_readonly") == [(1, "search")]


def test_cycle_history_shows_goals_and_outcomes(rows: Database) -> None:
    complete(rows, "planning_cycles", 1, "goals, status, outcomes", "'[\"live\"]', 'done', '[1]'")
    query = "SELECT id, completion_id, goals, outcome, outcomes FROM planning_cycle_history"
    assert rows.execute(query, user="jarvis_readonly") == [(1, 2, ["live"], "done", [1])]


def test_the_reader_reads_everything_and_writes_nothing(rows: Database) -> None:
    for table in (
        "agent_state",
        "memory_facts",
        *LOGS,
        "tool_call_history",
        "open_tool_calls",
        "planning_cycle_history",
    ):
        rows.execute(f"SELECT * FROM {table}", user="jarvis_readonly")
    for attempt in ("INSERT INTO agent_state (key, value) VALUES ('x', '1')", "CREATE TABLE mine (n integer)"):
        with pytest.raises(errors.InsufficientPrivilege):
            rows.execute(attempt, user="jarvis_readonly")


def test_public_has_nothing(rows: Database) -> None:
    assert (
        rows.execute(
            """
        SELECT relname FROM pg_class, aclexplode(relacl) AS a
        WHERE relnamespace = 'public'::regnamespace AND grantee = 0
        UNION ALL SELECT proname FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS a
        WHERE pronamespace = 'public'::regnamespace AND grantee = 0
        UNION ALL SELECT nspname FROM pg_namespace, aclexplode(nspacl) AS a WHERE nspname = 'public' AND grantee = 0
        """
        )
        == []
    )


def test_columns_are_the_original_ones(deployed: Database) -> None:
    columns = deployed.execute(
        "SELECT table_name || '.' || column_name || ' ' || data_type"
        " || coalesce('(' || character_maximum_length || ')', '')"
        " || CASE is_nullable WHEN 'NO' THEN ' NOT NULL' ELSE '' END || coalesce(' DEFAULT ' || column_default, '')"
        " FROM information_schema.columns WHERE table_schema = 'public' AND table_name IN"
        " (SELECT tablename FROM pg_tables WHERE schemaname = 'public') ORDER BY table_name, ordinal_position"
    )
    assert [line for (line,) in columns] == [
        "agent_state.id integer NOT NULL",
        "agent_state.key character varying(256) NOT NULL",
        "agent_state.value jsonb NOT NULL",
        "agent_state.updated_at timestamp without time zone NOT NULL DEFAULT now()",
        "decision_log.id integer NOT NULL",
        "decision_log.cycle_id integer",
        "decision_log.reasoning jsonb NOT NULL",
        "decision_log.decision text NOT NULL",
        "decision_log.created_at timestamp without time zone NOT NULL DEFAULT now()",
        "memory_facts.id integer NOT NULL",
        "memory_facts.subject text NOT NULL",
        "memory_facts.body jsonb NOT NULL",
        "memory_facts.is_stale boolean NOT NULL DEFAULT false",
        "memory_facts.created_at timestamp without time zone NOT NULL DEFAULT now()",
        "planning_cycles.id integer NOT NULL",
        "planning_cycles.parent_id integer",
        "planning_cycles.goals jsonb NOT NULL",
        "planning_cycles.status character varying(32) NOT NULL DEFAULT 'active'::character varying",
        "planning_cycles.outcomes jsonb",
        "planning_cycles.started_at timestamp without time zone NOT NULL DEFAULT now()",
        "planning_cycles.completed_at timestamp without time zone",
        "tool_calls.id integer NOT NULL",
        "tool_calls.parent_id integer",
        "tool_calls.tool_name character varying(128) NOT NULL",
        "tool_calls.status character varying(32) NOT NULL DEFAULT 'started'::character varying",
        "tool_calls.input jsonb NOT NULL",
        "tool_calls.output jsonb",
        "tool_calls.error text",
        "tool_calls.duration_ms integer",
        "tool_calls.started_at timestamp without time zone NOT NULL DEFAULT now()",
        "tool_calls.completed_at timestamp without time zone",
    ]


def test_a_completion_is_inserted_by_a_role_that_may_only_insert(rows: Database) -> None:
    # Foreign keys are checked as the owner, which must keep its own rights.
    connection = rows.connect("jarvis")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO tool_calls (parent_id, tool_name, input) VALUES (1, 'search', '{}') RETURNING id")
        assert cursor.fetchone() == (2,)
    connection.close()
