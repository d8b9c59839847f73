"""A database whose tables another tool has made is taken over only if they are exactly ours."""

from __future__ import annotations

from schema_server import Database, shipped

# What drizzle-kit push runs for the original definitions.
DRIZZLE = """
CREATE TABLE "agent_state" (
    "id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "agent_state_id_seq" INCREMENT BY 1
        MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
    "key" varchar(256) NOT NULL, "value" jsonb NOT NULL, "updated_at" timestamp DEFAULT now() NOT NULL,
    CONSTRAINT "agent_state_key_unique" UNIQUE("key"));
CREATE TABLE "memory_facts" (
    "id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "memory_facts_id_seq" INCREMENT BY 1
        MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
    "subject" text NOT NULL, "body" jsonb NOT NULL, "is_stale" boolean DEFAULT false NOT NULL,
    "created_at" timestamp DEFAULT now() NOT NULL);
CREATE TABLE "tool_calls" (
    "id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "tool_calls_id_seq" INCREMENT BY 1
        MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
    "parent_id" integer, "tool_name" varchar(128) NOT NULL, "status" varchar(32) DEFAULT 'started' NOT NULL,
    "input" jsonb NOT NULL, "output" jsonb, "error" text, "duration_ms" integer,
    "started_at" timestamp DEFAULT now() NOT NULL, "completed_at" timestamp);
CREATE TABLE "decision_log" (
    "id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "decision_log_id_seq" INCREMENT BY 1
        MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
    "cycle_id" integer, "reasoning" jsonb NOT NULL, "decision" text NOT NULL,
    "created_at" timestamp DEFAULT now() NOT NULL);
CREATE TABLE "planning_cycles" (
    "id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "planning_cycles_id_seq" INCREMENT BY 1
        MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
    "parent_id" integer, "goals" jsonb NOT NULL, "status" varchar(32) DEFAULT 'active' NOT NULL, "outcomes" jsonb,
    "started_at" timestamp DEFAULT now() NOT NULL, "completed_at" timestamp);
ALTER TABLE "tool_calls" ADD CONSTRAINT "tool_calls_parent_id_tool_calls_id_fk" FOREIGN KEY ("parent_id")
    REFERENCES "public"."tool_calls"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "planning_cycles" ADD CONSTRAINT "planning_cycles_parent_id_planning_cycles_id_fk"
    FOREIGN KEY ("parent_id") REFERENCES "public"."planning_cycles"("id") ON DELETE no action ON UPDATE no action;
INSERT INTO public.agent_state (key, value) VALUES ('mood', '"good"');
"""


def made_by_drizzle(database: Database, owner: str = "jarvis_owner") -> None:
    database.execute(f"GRANT CREATE ON SCHEMA public TO {owner}; SET ROLE {owner}; {DRIZZLE}")
    database.execute(f"REVOKE CREATE ON SCHEMA public FROM {owner}")


def test_a_database_made_by_drizzle_is_adopted_and_then_brought_up_to_date(database: Database) -> None:
    made_by_drizzle(database)
    previewed = database.run(check_mode=True, adopt=1)
    assert database.execute("SELECT to_regclass('jarvis_meta.migrations')") == [(None,)]
    outcome = database.run(adopt=1)
    assert previewed.adopted == outcome.adopted == ["0001_tables.sql"]
    assert previewed.pending == outcome.applied == sorted(shipped())[1:]
    assert database.ledger()[:2] == [(1, "adopted"), (2, "applied")]
    assert database.run(state="verified").drift == []
    assert database.execute("SELECT value FROM public.agent_state WHERE key = 'mood'") == [("good",)]


def test_extensions_that_the_inventory_lists_are_no_reason_not_to_adopt(database: Database) -> None:
    made_by_drizzle(database)
    target = database.target(extensions=("amcheck",), extension_users=("jarvis",))
    for check_mode in (True, False):
        assert database.run(adopt=1, target=target, check_mode=check_mode).adopted == ["0001_tables.sql"]
    assert database.run(state="verified", target=target).drift == []


def test_adopting_alone_is_a_change_and_the_second_time_none(database: Database) -> None:
    made_by_drizzle(database)
    first = {"0001_tables.sql": shipped()["0001_tables.sql"]}
    assert database.run(first, adopt=1).as_result(would_apply=False)["changed"] is True
    assert database.run(first, adopt=1).as_result(would_apply=False)["changed"] is False


def test_without_adopt_the_tables_that_are_there_stop_the_run(database: Database) -> None:
    made_by_drizzle(database)
    outcome = database.run(expect_failure=True)
    assert 'ERROR: relation "agent_state" already exists [42P07]' in outcome.failure
    assert "schema_adopt" in outcome.failure


def test_tables_that_differ_are_not_adopted_and_the_difference_is_told(database: Database) -> None:
    made_by_drizzle(database)
    database.execute(
        "ALTER TABLE public.tool_calls ALTER input DROP NOT NULL; DROP TABLE public.decision_log;"
        " CREATE INDEX odd ON public.tool_calls (status)"
    )
    for check_mode in (True, False):
        outcome = database.run(adopt=1, check_mode=check_mode, expect_failure=True)
        assert outcome.adopted == []
        lines = outcome.failure.splitlines()
        assert (
            lines[0] == f"{database.name} cannot be adopted at 0001_tables.sql, because it is not what the files make:"
        )
        assert "column public.tool_calls.input: not_null is not set, should be yes" in lines
        assert "table public.decision_log is missing" in lines
        assert "index public.odd should not be there" in lines
    assert database.execute("SELECT to_regclass('jarvis_meta.migrations')") == [(None,)]


def test_tables_of_another_owner_are_not_adopted(database: Database) -> None:
    made_by_drizzle(database, owner="jarvis")
    outcome = database.run(adopt=1, expect_failure=True)
    assert "table public.agent_state: acl is" in outcome.failure
    assert "owner is jarvis, should be jarvis_owner" in outcome.failure


def test_what_the_application_made_beside_them_does_not_hinder(database: Database) -> None:
    made_by_drizzle(database)
    database.execute("CREATE TABLE public.scratch (n integer); ALTER TABLE public.scratch OWNER TO jarvis")
    assert database.run(adopt=1).adopted == ["0001_tables.sql"]


def test_a_number_without_a_file_is_refused(database: Database) -> None:
    outcome = database.run(adopt=77, expect_failure=True)
    assert outcome.failure == "adopt: there is no file with the number 0077"
