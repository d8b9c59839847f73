"""The columns of the tables, and what the application and the reader may do with them."""

from __future__ import annotations

import pytest
from psycopg2 import errors
from schema_server import Database, docker


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
        "tool_calls_open.id integer NOT NULL",
    ]


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


def test_words_of_status_and_cycles_of_decisions_are_the_agents_business(rows: Database) -> None:
    rows.execute("INSERT INTO tool_calls (tool_name, status, input) VALUES ('t', 'whatever', '{}')", user="jarvis")
    rows.execute("INSERT INTO decision_log (cycle_id, reasoning, decision) VALUES (12345, '{}', 'x')", user="jarvis")


def test_the_reader_reads_everything_and_writes_nothing(rows: Database) -> None:
    for table in (
        "agent_state",
        "memory_facts",
        "tool_calls",
        "decision_log",
        "planning_cycles",
        "tool_calls_open",
        "tool_call_history",
        "open_tool_calls",
        "planning_cycle_history",
    ):
        rows.execute(f"SELECT * FROM {table}", user="jarvis_readonly")
    for attempt in ("INSERT INTO agent_state (key, value) VALUES ('x', '1')", "CREATE TABLE mine (n integer)"):
        with pytest.raises(errors.InsufficientPrivilege):
            rows.execute(attempt, user="jarvis_readonly")


def test_the_reader_dumps_the_schema_public(rows: Database) -> None:
    dumped = docker("exec", rows.server.container, "pg_dump", "-U", "jarvis_readonly", "-n", "public", rows.name)
    assert "COPY public.tool_calls " in dumped
    assert "SELECT pg_catalog.setval('public.tool_calls_id_seq'" in dumped


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
