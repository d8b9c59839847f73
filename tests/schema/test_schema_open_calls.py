"""The database's list of open calls is right at every moment, and nobody can make it wrong."""

from __future__ import annotations

import re
from contextlib import closing

import pytest
from psycopg2 import errors
from schema_server import Database

START = "INSERT INTO public.tool_calls (tool_name, input) VALUES ('t', '{}')"
COMPLETION = "INSERT INTO public.tool_calls (parent_id, tool_name, input) VALUES ({}, 't', '{{}}')"
ROW = "INSERT INTO public.tool_calls (id, parent_id, tool_name, input) OVERRIDING SYSTEM VALUE VALUES "
# Three calls that stay open, and then 20,000 that are completed.
MANY = """
INSERT INTO public.tool_calls (tool_name, input) SELECT 't', '{}' FROM generate_series(1, 3);
WITH starts AS (INSERT INTO public.tool_calls (tool_name, input) SELECT 't', '{}' FROM generate_series(1, 20000)
    RETURNING id)
INSERT INTO public.tool_calls (parent_id, tool_name, input) SELECT id, 't', '{}' FROM starts;
"""


def told(database: Database) -> list[int]:
    """Return the ids that the view shows."""
    return [number for (number,) in database.execute("SELECT id FROM public.open_tool_calls ORDER BY id")]


def kept(database: Database) -> list[int]:
    """Return the ids that the triggers keep."""
    return [number for (number,) in database.execute("SELECT id FROM public.tool_calls_open ORDER BY id")]


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_a_call_is_open_until_its_completion_is_committed(deployed: Database, isolation: str) -> None:
    with closing(deployed.connect("jarvis")) as connection, connection.cursor() as cursor:
        begin = f"BEGIN ISOLATION LEVEL {isolation}"
        cursor.execute(f"{begin}; {START}")
        assert told(deployed) == []
        cursor.execute("COMMIT")
        assert told(deployed) == kept(deployed) == [1]
        cursor.execute(f"{begin}; {COMPLETION.format(1)}")
        assert told(deployed) == [1]
        cursor.execute("COMMIT")
        assert told(deployed) == kept(deployed) == []


def test_what_is_rolled_back_opens_and_completes_nothing(deployed: Database) -> None:
    deployed.execute(START, user="jarvis")
    with closing(deployed.connect("jarvis")) as connection, connection.cursor() as cursor:
        cursor.execute(f"BEGIN; {START}; {COMPLETION.format(1)}; ROLLBACK")
        assert told(deployed) == kept(deployed) == [1]
        cursor.execute(f"BEGIN; SAVEPOINT s; {START}; {COMPLETION.format(1)}; ROLLBACK TO s; {START}; COMMIT")
    assert told(deployed) == kept(deployed) == [1, 6]


def test_a_row_that_is_left_out_opens_nothing(deployed: Database) -> None:
    deployed.execute(f"{ROW} (7, NULL, 't', '{{}}'), (8, 7, 't', '{{}}')", user="jarvis")
    deployed.execute(f"{ROW} (7, NULL, 't', '{{}}') ON CONFLICT DO NOTHING", user="jarvis")
    assert told(deployed) == kept(deployed) == []


def test_a_call_that_is_written_as_one_finished_row_is_never_open(deployed: Database) -> None:
    deployed.execute(
        "INSERT INTO public.tool_calls (tool_name, input, completed_at) VALUES ('t', '{}', now())", user="jarvis"
    )
    assert told(deployed) == kept(deployed) == []


def test_starts_and_completions_of_one_statement_are_told_apart(deployed: Database) -> None:
    deployed.execute(MANY, user="jarvis")
    assert told(deployed) == kept(deployed) == [1, 2, 3]


@pytest.mark.parametrize("role", ["", "SET ROLE jarvis_owner;", "SET session_replication_role = replica;"])
def test_what_the_superuser_inserts_counts_with_triggers_silenced_or_not(deployed: Database, role: str) -> None:
    deployed.execute(f"{role} {START}; {START}; {COMPLETION.format(1)}")
    assert told(deployed) == kept(deployed) == [2]


def test_a_completion_that_comes_before_its_start_leaves_nothing_open(deployed: Database) -> None:
    # A replica may receive rows like this. No other session can make them.
    deployed.execute("SET session_replication_role = replica;" + ROW + "(2, 1, 't', '{}')")
    deployed.execute("SET session_replication_role = replica;" + ROW + "(1, NULL, 't', '{}')")
    assert told(deployed) == []


def test_clients_do_not_wait_for_each_others_calls(rows: Database) -> None:
    rows.execute(START, user="jarvis")
    with closing(rows.connect("jarvis")) as one, one.cursor() as held:
        held.execute(f"BEGIN; {START}; {COMPLETION.format(2)}")
        rows.execute(f"SET lock_timeout = '1s'; {START}; {COMPLETION.format(5)}; {START}", user="jarvis")
        assert told(rows) == [1, 2, 7]
        held.execute("COMMIT")
    assert told(rows) == [1, 3, 7]


def test_names_that_the_application_makes_mislead_no_trigger(deployed: Database) -> None:
    with closing(deployed.connect("jarvis")) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE tool_calls_open (id integer); CREATE TEMPORARY TABLE tool_calls ()")
        cursor.execute(
            "CREATE FUNCTION public.never(integer, integer) RETURNS boolean LANGUAGE sql RETURN false;"
            "CREATE OPERATOR public.= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = public.never);"
            "SET search_path = pg_temp, public, pg_catalog"
        )
        cursor.execute(f"{START}; {START}; {COMPLETION.format(1)}")
    assert told(deployed) == kept(deployed) == [2]


def test_an_id_too_many_is_no_open_call(rows: Database) -> None:
    rows.execute("INSERT INTO public.tool_calls (parent_id, tool_name, input) VALUES (1, 'search', '{\"q\": 1}')")
    rows.execute(f"{START}; INSERT INTO public.tool_calls_open (id) VALUES (1), (2), (99)")
    assert kept(rows) == [1, 2, 3, 99]
    assert told(rows) == [3]


def test_a_number_that_was_open_in_a_lost_log_starts_a_call_again(deployed: Database) -> None:
    deployed.execute("INSERT INTO public.tool_calls_open (id) VALUES (1)")
    deployed.execute(START, user="jarvis")
    assert told(deployed) == [1]


@pytest.mark.parametrize(
    "change", ["DELETE FROM {}", "DELETE FROM {} WHERE false", "UPDATE {} SET id = 5", "TRUNCATE {}"]
)
@pytest.mark.parametrize("role", ["", "SET ROLE jarvis_owner;", "SET session_replication_role = replica;"])
def test_nobody_takes_an_open_call_away(unchanged: Database, change: str, role: str) -> None:
    with pytest.raises(
        errors.RestrictViolation, match=r"public.tool_calls_open refused: triggers of public.tool_calls keep it"
    ) as refused:
        unchanged.execute(role + change.format("public.tool_calls_open"))
    assert refused.value.diag.message_hint == (
        "To complete a call, insert a second row into tool_calls that names the first as parent_id."
    )


def test_the_view_has_the_columns_that_clients_know(deployed: Database) -> None:
    columns = deployed.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = 'public.open_tool_calls'::regclass ORDER BY attnum"
    )
    assert columns == [
        ("id", "integer"),
        ("tool_name", "character varying(128)"),
        ("status", "character varying(32)"),
        ("input", "jsonb"),
        ("started_at", "timestamp without time zone"),
    ]


def pages(database: Database) -> int:
    """Return how many pages the server reads for the list of open calls."""
    (_, (line,), *_) = database.execute("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) SELECT * FROM public.open_tool_calls")
    return sum(map(int, re.search(r"Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?", line).groups(default="0")))


def test_open_calls_cost_what_is_open_and_not_what_was_ever_called(deployed: Database) -> None:
    deployed.execute(MANY, user="jarvis")
    for table in ("tool_calls", "tool_calls_open"):
        deployed.execute(f"VACUUM ANALYZE public.{table}")
    # One page, and look-ups in two indexes and the table for each of the three calls. All starts fill more than 200
    # pages.
    assert pages(deployed) < 40


def test_the_log_is_not_read_whole_where_no_vacuum_came_by_yet(deployed: Database) -> None:
    deployed.execute(MANY, user="jarvis")
    deployed.execute("ANALYZE public.tool_calls")
    # The same look-ups, and the 89 pages that the completed calls have left.
    assert pages(deployed) < 89 + 40


def test_a_session_that_began_when_little_was_open_completes_by_the_index(deployed: Database) -> None:
    deployed.execute("; ".join([START] * 20), user="jarvis")
    deployed.execute("VACUUM ANALYZE public.tool_calls_open")
    with closing(deployed.connect("jarvis")) as connection, connection.cursor() as cursor:
        for number in range(1, 11):
            cursor.execute(COMPLETION.format(number))
        cursor.execute("SELECT pg_stat_force_next_flush()")
    assert deployed.execute(
        "SELECT n_tup_del FROM pg_stat_user_tables WHERE relid = 'public.tool_calls_open'::regclass"
    ) == [(10,)]
    assert deployed.execute(
        "SELECT seq_scan FROM pg_stat_user_tables WHERE relid = 'public.tool_calls_open'::regclass"
    ) == [(0,)]


def test_logs_are_vacuumed_every_10000_rows_and_frozen_at_once(deployed: Database) -> None:
    options = deployed.execute(
        "SELECT relname, reloptions FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND reloptions IS NOT NULL ORDER BY relname"
    )
    ours = [
        "autovacuum_vacuum_insert_scale_factor=0",
        "autovacuum_vacuum_insert_threshold=10000",
        "autovacuum_freeze_min_age=0",
    ]
    assert options == [("decision_log", ours), ("planning_cycles", ours), ("tool_calls", ours)]
