"""Whatever an application plants, no session of ours springs it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from schema_server import ROOT, Database, Server, shipped
from schema_traps import EXPORTER, LOOKING_AROUND, PLANT, TEMPORARY, log_length, sprung

# This file compares, joins and counts, as migrations do.
PENDING = {
    **shipped(),
    "0900_data.sql": """
        ALTER TABLE public.tool_calls ADD COLUMN label text;
        INSERT INTO public.tool_calls (tool_name, input) VALUES ('t'::varchar, '{}');
        INSERT INTO public.agent_state (key, value) SELECT tool_name || '_' || status, '{}' FROM public.tool_calls
            WHERE tool_name = 't'::varchar AND lower(status) = 'started'::varchar AND length(tool_name) > 0;
        UPDATE public.agent_state SET key = replace(key, '_', '-') || now()::date WHERE key = 't_started'::varchar;
        DO $$ BEGIN PERFORM format('%s', count(*)) FROM pg_class WHERE oid = 1 AND relname ~ 'x'; END $$;
    """,
    "0901_index.sql": "-- no-transaction\nCREATE INDEX CONCURRENTLY labelled ON public.tool_calls (lower(label));\n",
}
SECURITY = ROOT / "docs/security.md"
# The administrator's search path, as the role sets it.
PATH = ("--env", "PGOPTIONS=-c search_path=")


def in_container(database: Database, *command: str) -> str:
    done = subprocess.run(
        ["docker", "exec", *PATH, database.server.container, *command], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def trapped(server: Server) -> Iterator[Database]:
    """Return a database in which the application has planted all traps, in public and in schemas of its own."""
    server.create_database("trapped", template="shipped")
    database = Database(server, "trapped")
    for schema in ("postgres", "jarvis_owner", "jarvis_migrator"):
        database.execute(f"CREATE SCHEMA {schema} AUTHORIZATION jarvis")
    for schema in ("postgres", "public"):
        database.execute(PLANT.format(schema=schema), user="jarvis")
    with closing(database.connect("jarvis")) as application:
        application.cursor().execute(TEMPORARY)
        yield database


@pytest.fixture
def springs(trapped: Database) -> Callable[[], list[str]]:
    """Return a function that returns the traps that were sprung during the test."""
    container = trapped.server.container
    begin = log_length(container)
    return lambda: sprung(container, begin)


def test_whoever_looks_for_names_in_public_springs_them(trapped: Database, springs) -> None:
    # This shows that the traps work, of which the other tests find no trace.
    for statement in (
        "SET search_path = public; SELECT has_database_privilege('jarvis', oid, 'CONNECT') FROM pg_database",
        "SET search_path = public; SELECT 'a'::varchar = 'a'::varchar",
        "SET search_path = public; INSERT INTO trapped (id, word) VALUES (1, 'a')",
        "SELECT FROM postgres.pg_class",
    ):
        trapped.execute(statement)
    assert {"has_database_privilege as postgres", "operator as postgres", "trigger as postgres"} <= set(springs())


def test_a_run_springs_none(trapped: Database, springs) -> None:
    assert trapped.run(check_mode=True).pending == []
    assert trapped.run(PENDING, check_mode=True).pending == ["0900_data.sql", "0901_index.sql"]
    assert trapped.run(PENDING).applied == ["0900_data.sql", "0901_index.sql"]
    assert trapped.run(PENDING).applied == []
    assert trapped.run(PENDING, state="verified").drift == []
    assert springs() == []


def test_upkeep_and_a_dump_spring_none(trapped: Database, springs) -> None:
    for statement in ("VACUUM (FULL, ANALYZE)", "ANALYZE", f"REINDEX DATABASE {trapped.name}", "CLUSTER"):
        in_container(
            trapped, "psql", "-X", "-U", "postgres", "-d", trapped.name, "-v", "ON_ERROR_STOP=1", "-c", statement
        )
    assert "trapped" in in_container(trapped, "pg_dump", "-U", "postgres", trapped.name)
    assert springs() == []


def test_a_restore_as_the_docs_have_it_springs_none_and_loses_nothing(server: Server) -> None:
    original, restored = Database(server, "dumped"), Database(server, "restored")
    for name in (original.name, restored.name):
        server.create_database(name, template="shipped" if name == original.name else "template0")
    original.execute(PLANT.format(schema="public"), user="jarvis")
    original.execute("INSERT INTO public.decision_log (reasoning, decision) VALUES ('{}', 'kept')", user="jarvis")
    begin = log_length(server.container)
    documented = re.search(r"## Restore a dump.*?```sh\n(.*?)```", SECURITY.read_text(), re.DOTALL).group(1)
    in_container(original, "pg_dump", "-U", "postgres", "-Fc", "-f", "/tmp/jarvis.dump", original.name)  # noqa: S108
    script = documented.replace("-d jarvis ", f"-d {restored.name} ")
    assert script.count(f"-d {restored.name} ") == 2
    in_container(original, "sh", "-ec", script)
    assert restored.execute("SELECT decision FROM public.decision_log") == [("kept",)]
    assert restored.execute("SET search_path = ''; SELECT count(*) FROM public.trapped", user="jarvis") == [(100,)]
    assert restored.run(state="verified").drift == []
    assert sprung(server.container, begin) == []


def test_what_exporters_ask_and_a_person_looks_at_springs_none(trapped: Database, springs) -> None:
    questions = [word for question in (*EXPORTER, *LOOKING_AROUND) for word in ("-c", question)]
    in_container(trapped, "psql", "-X", "-U", "postgres", "-d", trapped.name, "-v", "ON_ERROR_STOP=1", *questions)
    assert springs() == []


def test_names_of_the_servers_own_are_told_and_are_no_failure(deployed: Database) -> None:
    deployed.execute(
        "CREATE FUNCTION public.lower(name) RETURNS text LANGUAGE sql RETURN '';"
        "CREATE FUNCTION public.mine(name) RETURNS boolean LANGUAGE sql RETURN true;"
        "CREATE OPERATOR public.~ (FUNCTION = public.mine, RIGHTARG = name);"
        "CREATE DOMAIN public.oid AS integer; CREATE DOMAIN public.mine AS integer;"
        "CREATE TABLE public.pg_class (id integer); CREATE TABLE public.scratch (id integer)",
        user="jarvis",
    )
    (warning,) = deployed.run(state="verified").warnings
    assert warning == (
        "The application has made objects with names of PostgreSQL's own, which sessions that look for names in their"
        " schemas may take for those: function public.lower(pg_catalog.name), operator public.~(NONE,pg_catalog.name),"
        " table public.pg_class, type public.oid"
    )


def test_a_ledger_that_the_application_made_is_not_read(database: Database, server: Server) -> None:
    begin = log_length(server.container)
    database.execute("CREATE SCHEMA jarvis_meta AUTHORIZATION jarvis")
    database.execute(
        "CREATE FUNCTION jarvis_meta.sprung(text) RETURNS integer LANGUAGE plpgsql AS"
        " $$BEGIN RAISE LOG 'SPRUNG % as %', $1, current_user; RETURN 1; END$$;"
        "CREATE VIEW jarvis_meta.migrations AS SELECT jarvis_meta.sprung('ledger') AS version, '' AS name,"
        " '' AS sha256, '' AS state",
        user="jarvis",
    )
    for request in ({}, {"check_mode": True}, {"state": "verified"}):
        told = database.run(expect_failure=True, **request).failure
        assert told.startswith(
            "the schema jarvis_meta, or a table in it, belongs to jarvis and not to the administrator"
        )
    assert sprung(server.container, begin) == []
