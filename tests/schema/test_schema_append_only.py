"""Nobody changes a log: not the application, not the owner, not a superuser."""

from __future__ import annotations

import pytest
from psycopg2 import errors
from schema_server import Database

LOGS = {"tool_calls": "status", "decision_log": "decision", "planning_cycles": "status"}  # and a column of each
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
        "CREATE SCHEMA mine AUTHORIZATION jarvis_owner",
        "SET ROLE jarvis_owner",
        "DELETE FROM memory_facts",
        "INSERT INTO tool_call_history (tool_name) VALUES ('x')",
        "DELETE FROM open_tool_calls",
        "UPDATE open_tool_calls SET status = 'x'",
        "INSERT INTO tool_calls_open (id) VALUES (1)",
        "UPDATE tool_calls_open SET id = 5",
        "DELETE FROM tool_calls_open",
        "TRUNCATE tool_calls_open",
        "DROP TABLE tool_calls_open",
        "ALTER TABLE tool_calls_open DISABLE TRIGGER ALL",
        "ALTER TABLE tool_calls DISABLE TRIGGER tool_calls_open_add",
        "DROP FUNCTION tool_calls_open_remove() CASCADE",
        "CREATE TABLE mine (id integer, parent_id integer);"
        " CREATE TRIGGER mine AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION tool_calls_open_remove()",
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
    rows.execute("SET ROLE jarvis_owner; CREATE VIEW public.writable AS SELECT * FROM public.tool_calls")
    with pytest.raises(errors.RestrictViolation):
        rows.execute("DELETE FROM writable")


def test_views_of_two_rows_are_not_written_through(rows: Database) -> None:
    for view in ("open_tool_calls", "tool_call_history", "planning_cycle_history"):
        with pytest.raises(errors.ObjectNotInPrerequisiteState):
            rows.execute(f"DELETE FROM {view}")
