"""The five tables are there exactly as the application's clients expect them. An oracle of its own, not the files."""

from __future__ import annotations

import pytest

ID = ("id", "integer", "not null", "identity always")

# Column, type, nullability, default.
COLUMNS = {
    "agent_state": [
        ID,
        ("key", "character varying(256)", "not null", ""),
        ("value", "jsonb", "not null", ""),
        ("updated_at", "timestamp without time zone", "not null", "now()"),
    ],
    "memory_facts": [
        ID,
        ("subject", "text", "not null", ""),
        ("body", "jsonb", "not null", ""),
        ("is_stale", "boolean", "not null", "false"),
        ("created_at", "timestamp without time zone", "not null", "now()"),
    ],
    "tool_calls": [
        ID,
        ("parent_id", "integer", "null", ""),
        ("tool_name", "character varying(128)", "not null", ""),
        ("status", "character varying(32)", "not null", "'started'::character varying"),
        ("input", "jsonb", "not null", ""),
        ("output", "jsonb", "null", ""),
        ("error", "text", "null", ""),
        ("duration_ms", "integer", "null", ""),
        ("started_at", "timestamp without time zone", "not null", "now()"),
        ("completed_at", "timestamp without time zone", "null", ""),
    ],
    "decision_log": [
        ID,
        ("cycle_id", "integer", "null", ""),
        ("reasoning", "jsonb", "not null", ""),
        ("decision", "text", "not null", ""),
        ("created_at", "timestamp without time zone", "not null", "now()"),
    ],
    "planning_cycles": [
        ID,
        ("parent_id", "integer", "null", ""),
        ("goals", "jsonb", "not null", ""),
        ("status", "character varying(32)", "not null", "'active'::character varying"),
        ("outcomes", "jsonb", "null", ""),
        ("started_at", "timestamp without time zone", "not null", "now()"),
        ("completed_at", "timestamp without time zone", "null", ""),
    ],
}

JSONB_COLUMNS = [
    "agent_state.value",
    "decision_log.reasoning",
    "memory_facts.body",
    "planning_cycles.goals",
    "planning_cycles.outcomes",
    "tool_calls.input",
    "tool_calls.output",
]

CONSTRAINTS = {
    "agent_state": {"agent_state_pkey", "agent_state_key_unique"},
    "memory_facts": {"memory_facts_pkey"},
    "tool_calls": {"tool_calls_pkey", "tool_calls_parent_id_tool_calls_id_fk"},
    "decision_log": {"decision_log_pkey"},
    "planning_cycles": {"planning_cycles_pkey", "planning_cycles_parent_id_planning_cycles_id_fk"},
}

COLUMNS_QUERY = """
SELECT attname, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' ELSE 'null' END,
    CASE WHEN attidentity = 'a' THEN 'identity always' ELSE coalesce(pg_get_expr(adbin, adrelid), '') END
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = to_regclass('public.{table}') AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""


@pytest.mark.parametrize("table", COLUMNS)
def test_table_exists(admin_sql, table):
    assert admin_sql(f"SELECT to_regclass('public.{table}') IS NOT NULL") == [["t"]], f"table {table} is missing"


@pytest.mark.parametrize("table", COLUMNS)
def test_columns_have_their_type_nullability_and_default(admin_sql, table):
    assert [tuple(row) for row in admin_sql(COLUMNS_QUERY.format(table=table))] == COLUMNS[table]


@pytest.mark.parametrize("column", JSONB_COLUMNS)
def test_json_column_is_jsonb(admin_sql, column):
    table, name = column.split(".")
    query = f"SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = to_regclass('{table}') AND attname = '{name}'"
    assert admin_sql(query) == [["jsonb"]], f"{column} is not jsonb"


@pytest.mark.parametrize("table", CONSTRAINTS)
def test_constraints_have_the_names_that_clients_know(admin_sql, table):
    query = f"SELECT conname FROM pg_constraint WHERE conrelid = to_regclass('public.{table}')"
    missing = CONSTRAINTS[table] - {row[0] for row in admin_sql(query)}
    assert not missing, f"{table} lacks {missing}"


@pytest.mark.parametrize("table", COLUMNS)
def test_table_belongs_to_the_owner_role(admin_sql, table):
    assert admin_sql(f"SELECT relowner::regrole FROM pg_class WHERE oid = to_regclass('public.{table}')") == [
        ["jarvis_owner"]
    ]


def test_ledger_is_outside_of_public(admin_sql):
    assert admin_sql("SELECT to_regclass('jarvis_meta.migrations'), to_regclass('public.migrations')") == [
        ["jarvis_meta.migrations", "NULL"]
    ]
