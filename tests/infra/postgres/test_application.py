"""The application can do its work with the settings it is given. Whatever these tests write is gone afterwards."""

from __future__ import annotations

import pytest
from questions import client

pytestmark = pytest.mark.tables


@client
def upserted(settings):
    import uuid

    import psycopg2

    key = f"verify:{uuid.uuid4()}"
    put = (
        "INSERT INTO agent_state (key, value) VALUES (%s, %s)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now()"
    )
    connection = psycopg2.connect(settings["DATABASE_URL"])
    connection.autocommit = True
    cursor = connection.cursor()
    try:
        found = []
        for value in ('{"step": 1}', '{"step": 2, "text": "naïve 🤖"}'):
            cursor.execute(put, (key, value))
            cursor.execute("SELECT value, count(*) OVER () FROM agent_state WHERE key = %s", (key,))
            found += cursor.fetchall()
        return found
    finally:
        cursor.execute("DELETE FROM agent_state WHERE key = %s", (key,))


def test_state_is_written_read_back_and_replaced_by_key(upserted):
    assert upserted == [[{"step": 1}, 1], [{"step": 2, "text": "naïve 🤖"}, 1]]


@client
def completed(settings):
    import psycopg2

    cursor = psycopg2.connect(settings["DATABASE_URL"]).cursor()
    cursor.execute(
        "INSERT INTO tool_calls (tool_name, input) VALUES ('verify', '{\"a\": 1}') RETURNING id, status, output"
    )
    start, status, output = cursor.fetchone()
    cursor.execute(
        "INSERT INTO tool_calls (parent_id, tool_name, status, input, output, duration_ms, completed_at)"
        " VALUES (%s, 'verify', 'completed', '{\"a\": 1}', '{\"b\": 2}', 5, now())"
        " RETURNING parent_id = %s, status",
        (start, start),
    )
    return [status, output, *cursor.fetchone()]  # the connection closes without a commit: nothing stays


def test_completion_is_a_second_row_that_names_its_start(completed):
    assert completed == ["started", None, True, "completed"]


def outcomes(settings, statements):
    """Return what becomes of statements, each taken back: the code of an error, or "accepted"."""
    import psycopg2

    # An error that is caught in the server is not written into its log.
    attempt = """
        DO $attempt$
        BEGIN
            EXECUTE %s;
            PERFORM set_config('verify.outcome', 'accepted', false);
        EXCEPTION WHEN OTHERS THEN
            PERFORM set_config('verify.outcome', SQLSTATE, false);
        END
        $attempt$;
        SELECT current_setting('verify.outcome')
    """
    connection = psycopg2.connect(settings["DATABASE_URL"])
    cursor = connection.cursor()
    codes = []
    for statement in statements:
        cursor.execute(attempt, (statement,))
        codes += cursor.fetchone()
        connection.rollback()
    return codes


LOGS = ("tool_calls", "decision_log", "planning_cycles")
CHANGES_OF_ROWS = ("UPDATE {} SET id = DEFAULT", "DELETE FROM {}", "TRUNCATE {} CASCADE")
TABLES = ("agent_state", "memory_facts", "tool_calls", "decision_log", "planning_cycles")
CHANGES_OF_TABLES = ("DROP TABLE {} CASCADE", "ALTER TABLE {} DISABLE TRIGGER ALL")

rewritten_logs = client(outcomes, [change.format(table) for table in LOGS for change in CHANGES_OF_ROWS])
changed_tables = client(outcomes, [change.format(table) for table in TABLES for change in CHANGES_OF_TABLES])


def test_logs_refuse_to_be_rewritten(rewritten_logs):
    # The application has no right to any of these; the trigger stops whoever has.
    assert rewritten_logs == ["42501"] * 9


@client
def own_table(settings):
    import psycopg2

    cursor = psycopg2.connect(settings["DATABASE_URL"]).cursor()
    cursor.execute("CREATE TABLE verify_own (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body jsonb)")
    cursor.execute("ALTER TABLE verify_own ADD COLUMN note text")
    cursor.execute("INSERT INTO verify_own (body, note) VALUES ('[1, 2]', 'x') RETURNING body, note")
    found = cursor.fetchone()
    cursor.execute("DROP TABLE verify_own")
    return found


def test_application_makes_changes_and_drops_tables_of_its_own(own_table):
    assert own_table == [[1, 2], "x"]


def test_application_cannot_change_or_drop_our_tables(changed_tables):
    assert changed_tables == ["42501"] * 10


@client
def pool(settings):
    import time

    import psycopg2
    from psycopg2.pool import ThreadedConnectionPool

    connections = ThreadedConnectionPool(20, 20, settings["DATABASE_URL"], connect_timeout=2, application_name="verify")
    held = [connections.getconn() for _ in range(20)]
    total = 0
    for connection in held:
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        total += cursor.fetchone()[0]
        connections.putconn(connection)
    connections.closeall()
    observer = psycopg2.connect(settings["DATABASE_URL"])
    observer.autocommit = True  # a transaction goes on seeing the sessions of its first look
    cursor = observer.cursor()
    for _ in range(100):
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'verify'")
        left = cursor.fetchone()[0]
        if left == 0:
            break
        time.sleep(0.1)
    return [total, left]


def test_pool_of_20_connections_opens_within_2_seconds_each_and_closes_cleanly(pool):
    assert pool == [20, 0]


@client
def zone(settings):
    import psycopg2

    cursor = psycopg2.connect(settings["DATABASE_URL"]).cursor()
    cursor.execute("SHOW timezone")
    return cursor.fetchone()[0]


def test_session_is_in_utc(zone):
    assert zone == "UTC"
