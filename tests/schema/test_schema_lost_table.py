"""Somebody has dropped a table: every kind of run says so, and the ways back in the docs work."""

from __future__ import annotations

import re

from schema_server import ROOT, Database, docker

OPERATIONS = ROOT / "docs/operations.md"
ONE = {"0001_a.sql": "CREATE TABLE public.a (id integer);\nCREATE VIEW public.v AS SELECT id FROM public.a;\n"}
AGAIN = {
    "0002_a_again.sql": "DROP TABLE IF EXISTS public.a CASCADE;\nCREATE TABLE public.a (id integer);\n"
    "CREATE VIEW public.v AS SELECT id FROM public.a;\n"
}


def test_a_run_with_nothing_to_apply_tells_the_drift(deployed: Database) -> None:
    assert deployed.run().differences == []
    deployed.execute("DROP TABLE public.memory_facts CASCADE")
    outcome = deployed.run()
    assert (outcome.applied, outcome.warnings) == ([], [])
    assert outcome.differences == ["table public.memory_facts is missing"]
    # The table's parts are in the details only.
    assert ("column", "public.memory_facts.body") in {(one["kind"], one["identity"]) for one in outcome.drift}


def test_a_dump_brings_the_table_back_as_the_docs_have_it(rows: Database) -> None:
    rows.execute("INSERT INTO public.memory_facts (subject, body) VALUES ('s', '{\"kept\": true}')")
    script = re.search(r"## A table is lost.*?```sh\n(.*?)```", OPERATIONS.read_text(), re.DOTALL).group(1)
    assert script.count("-d jarvis ") == 1

    def in_container(*command: str) -> str:
        return docker("exec", rows.server.container, *command)

    in_container("pg_dump", "-U", "postgres", "-Fc", "-f", "/tmp/jarvis.dump", rows.name)
    before = rows.execute("SELECT id, subject, body FROM public.memory_facts ORDER BY id")
    rows.execute("DROP TABLE public.memory_facts CASCADE")
    in_container("sh", "-ec", script.replace("-d jarvis ", f"-d {rows.name} "))
    assert rows.execute("SELECT id, subject, body FROM public.memory_facts ORDER BY id") == before
    assert rows.run(state="verified").differences == []


def test_a_migration_brings_the_table_back_empty(database: Database) -> None:
    database.run(ONE)
    database.execute("DROP TABLE public.a CASCADE")
    outcome = database.run({**ONE, **AGAIN})
    assert (outcome.applied, outcome.differences) == (["0002_a_again.sql"], [])
