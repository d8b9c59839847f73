"""The five tables are there exactly as the application's clients expect them. An oracle of its own, not the files."""

from __future__ import annotations

from collections import defaultdict

import pytest
from questions import superuser

pytestmark = pytest.mark.tables

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

rows_of_columns = superuser("""
SELECT relname, attname, format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'not null' ELSE 'null' END,
    CASE WHEN attidentity = 'a' THEN 'identity always' ELSE coalesce(pg_get_expr(adbin, adrelid), '') END
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped ORDER BY attnum
""")
rows_of_owners = superuser("SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'public'")
rows_of_constraints = superuser("""
SELECT relname, conname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
WHERE relnamespace = 'public'::regnamespace
""")
# The application may have a table of that name.
ledgers = superuser("""
SELECT to_regclass('jarvis_meta.migrations')::text, count(*) FROM pg_class
WHERE relname = 'migrations' AND relnamespace = 'public'::regnamespace AND pg_get_userbyid(relowner) <> 'jarvis'
""")


def by_table(rows):
    """Return what follows the first column of the rows, by that column."""
    found = defaultdict(list)
    for table, *facts in rows:
        found[table].append(tuple(facts))
    return found


@pytest.fixture(scope="module")
def columns(rows_of_columns):
    """Return the columns of every table, as COLUMNS has them."""
    return by_table(rows_of_columns)


@pytest.fixture(scope="module")
def owners(rows_of_owners):
    """Return the owner of every table."""
    return dict(rows_of_owners)


@pytest.fixture(scope="module")
def constraints(rows_of_constraints):
    """Return the names of the constraints of every table."""
    return by_table(rows_of_constraints)


@pytest.mark.parametrize("table", COLUMNS)
def test_table_exists(owners, table):
    assert table in owners, f"table {table} is missing"


@pytest.mark.parametrize("table", COLUMNS)
def test_columns_have_their_type_nullability_and_default(columns, table):
    assert columns[table] == COLUMNS[table]


@pytest.mark.parametrize("column", JSONB_COLUMNS)
def test_json_column_is_jsonb(columns, column):
    table, name = column.split(".")
    assert [kind for found, kind, *_ in columns[table] if found == name] == ["jsonb"], f"{column} is not jsonb"


@pytest.mark.parametrize("table", CONSTRAINTS)
def test_constraints_have_the_names_that_clients_know(constraints, table):
    missing = CONSTRAINTS[table] - {name for (name,) in constraints[table]}
    assert not missing, f"{table} lacks {missing}"


@pytest.mark.parametrize("table", COLUMNS)
def test_table_belongs_to_the_owner_role(owners, table):
    assert owners[table] == "jarvis_owner"


def test_ledger_is_outside_of_public(ledgers):
    assert ledgers == [["jarvis_meta.migrations", 0]]
