"""A call or a cycle is two rows: which pairs are accepted, and how a pair is read as one row."""

from __future__ import annotations

import pytest
from psycopg2 import errors
from schema_server import Database


def complete(database: Database, table: str, parent: int, columns: str, values: str) -> None:
    database.execute(f"INSERT INTO {table} (parent_id, {columns}) VALUES ({parent}, {values})", user="jarvis")


@pytest.mark.parametrize(
    ("table", "columns", "values", "constraint"),
    [
        ("tool_calls", "tool_name, input", "'search', '{\"q\": 1}'", "tool_calls_parent_id_tool_calls_id_fk"),
        ("planning_cycles", "goals", "'[\"live\"]'", "planning_cycles_parent_id_planning_cycles_id_fk"),
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


@pytest.mark.parametrize(
    ("completion", "column", "message", "hint"),
    [
        (
            "tool_calls (parent_id, tool_name, input) VALUES (1, 'other', '{\"q\": 1}')",
            "tool_name",
            'tool call 1 was started by the tool "search", not "other"',
            "A completion repeats the tool_name and the input of its start row.",
        ),
        (
            "tool_calls (parent_id, tool_name, input) VALUES (1, 'search', '{\"q\": 2}')",
            "input",
            "tool call 1 was started with another input",
            "A completion repeats the tool_name and the input of its start row; what came out is its output.",
        ),
        (
            "tool_calls (parent_id, tool_name) VALUES (1, 'search')",
            "input",
            "tool call 1 was started with another input",
            "A completion repeats the tool_name and the input of its start row; what came out is its output.",
        ),
        (
            "planning_cycles (parent_id, goals) VALUES (1, '[]')",
            "goals",
            "planning cycle 1 was started with other goals",
            "A completion repeats the goals of its start row; what became of them is its outcomes.",
        ),
    ],
)
def test_a_completion_repeats_what_was_started(
    unchanged: Database, completion: str, column: str, message: str, hint: str
) -> None:
    with pytest.raises(errors.CheckViolation) as refused:
        unchanged.execute(f"INSERT INTO {completion}", user="jarvis")
    diag = refused.value.diag
    assert (diag.column_name, diag.message_primary, diag.message_hint) == (column, message, hint)


def test_an_input_in_another_spelling_is_the_same(rows: Database) -> None:
    rows.execute("INSERT INTO tool_calls (tool_name, input) VALUES ('t', '{\"a\": 1, \"b\": [2.0]}')", user="jarvis")
    complete(rows, "tool_calls", 2, "tool_name, input", "'t', '{ \"b\":[2],\"a\":1 }'")


def test_the_trigger_functions_ignore_what_the_application_puts_into_public(rows: Database) -> None:
    rows.execute(
        "CREATE FUNCTION public.same(varchar, varchar) RETURNS boolean LANGUAGE sql RETURN true;"
        "CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.same);",
        user="jarvis",
    )
    with pytest.raises(errors.CheckViolation):
        complete(rows, "tool_calls", 1, "tool_name, input", "'other', '{\"q\": 1}'")


def test_a_completion_is_inserted_by_a_role_that_may_only_insert(rows: Database) -> None:
    # The server checks foreign keys as the owner, which must keep its own rights.
    connection = rows.connect("jarvis")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tool_calls (parent_id, tool_name, input) VALUES (1, 'search', '{\"q\": 1}') RETURNING id"
        )
        assert cursor.fetchone() == (2,)
    connection.close()


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
