"""The list of open calls is right after a migration of rows, after every kind of restore, and after a repair."""

from __future__ import annotations

import re
import threading
import time
from contextlib import closing

import pytest
from schema_server import ROOT, Database, Server, docker, shipped
from test_schema_open_calls import COMPLETION, MANY, START, kept, told

OPERATIONS = ROOT / "docs/operations.md"
BEFORE = {name: text for name, text in shipped().items() if name < "0008"}
FILLED = f"{MANY} INSERT INTO public.tool_calls (tool_name, input, completed_at) VALUES ('t', '{{}}', now());"


@pytest.fixture
def older(database: Database) -> Database:
    """Make a database of the previous release, with 20,000 completed calls, a finished one and 3 open ones."""
    database.run(BEFORE)
    database.execute(FILLED, user="jarvis")
    return database


def test_rows_of_a_database_that_is_there_are_told_apart(older: Database) -> None:
    assert told(older) == [1, 2, 3]
    outcome = older.run()
    assert (outcome.applied, outcome.differences) == (
        ["0008_open_tool_calls.sql", "0009_log_vacuum.sql", "0010_drop_tool_calls_open_idx.sql"],
        [],
    )
    assert told(older) == kept(older) == [1, 2, 3]
    older.execute(COMPLETION.format(2), user="jarvis")
    assert told(older) == kept(older) == [1, 3]


def test_what_is_inserted_while_the_migration_waits_is_not_missed(older: Database) -> None:
    with closing(older.connect("jarvis")) as connection, connection.cursor() as cursor:
        cursor.execute(f"BEGIN; {START}; {COMPLETION.format(1)}")
        migration = threading.Thread(target=older.run)
        migration.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'public.tool_calls'::regclass"
        deadline = time.monotonic() + 30
        while older.execute(waiting) != [(1,)]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # A reader of the open calls does not wait behind it.
        assert older.execute("SET lock_timeout = '1s'; SELECT count(*) > 0 FROM public.open_tool_calls") == [(True,)]
        cursor.execute("COMMIT")
        migration.join()
    assert told(older) == kept(older) == [2, 3, 40005]


def in_container(database: Database, script: str) -> None:
    docker("exec", "--env", "PGUSER=postgres", database.server.container, "bash", "-ec", script)


@pytest.fixture
def filled(deployed: Database) -> Database:
    deployed.execute(FILLED, user="jarvis")
    return deployed


# Ways to bring the rows from one database into another. If the data comes alone, the other database has the schema
# already.
RESTORES = {
    "plain": "pg_dump {old} | psql -q -v ON_ERROR_STOP=1 {new}",
    "custom": "pg_dump -Fc {old} | pg_restore -e -d {new}",
    "parallel": "pg_dump -Fc -f /tmp/{old} {old}; pg_restore -e -j 2 -d {new} /tmp/{old}",
    "data only, plain": "pg_dump --data-only -n public {old} | psql -q -v ON_ERROR_STOP=1 {new}",
    "data only, custom": "pg_dump -Fc {old} | pg_restore -e --data-only -n public -d {new}",
    "data only, without triggers": "pg_dump --data-only --disable-triggers -n public {old}"
    " | psql -q -v ON_ERROR_STOP=1 {new}",
    "data only, as a replica": "(echo 'SET session_replication_role = replica;'; pg_dump --data-only -n public {old})"
    " | psql -q -v ON_ERROR_STOP=1 {new}",
    "inserts, in one transaction": "pg_dump --data-only --inserts -n public {old}"
    " | psql -q -1 -v ON_ERROR_STOP=1 {new}",
    "the log alone": "pg_dump --data-only -t public.tool_calls {old} | psql -q -v ON_ERROR_STOP=1 {new}",
}


@pytest.mark.parametrize("way", RESTORES)
def test_a_restore_ends_with_the_same_open_calls(server: Server, filled: Database, way: str) -> None:
    name = f"{filled.name}_restored"
    server.create_database(name, template="template0" if way in ("plain", "custom", "parallel") else "shipped")
    restored = Database(server, name)
    in_container(filled, f"set -o pipefail; {RESTORES[way].format(old=filled.name, new=name)}")
    assert told(restored) == kept(restored) == [1, 2, 3]
    differences = restored.run(state="verified", expect_failure=None).differences
    # pg_dump does not keep ENABLE ALWAYS. A verification reports that.
    always = "trigger public.tool_calls.tool_calls_open_add: enabled is yes, should be always"
    assert (always in differences) == (way == "data only, without triggers")
    if way != "data only, without triggers":
        assert differences == []
    restored.execute(f"SELECT setval('public.tool_calls_id_seq', 50000); {START}; {COMPLETION.format(50001)}; {START}")
    assert told(restored) == kept(restored) == [1, 2, 3, 50003]


def documented(heading: str) -> list[str]:
    section = OPERATIONS.read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```\w+\n(.*?)```", section, re.DOTALL)
    return [re.sub("^   ", "", block, flags=re.MULTILINE) for block in blocks]


def test_a_lost_log_comes_back_with_its_open_calls_as_the_docs_have_it(filled: Database) -> None:
    in_container(filled, f"pg_dump -Fc -f /tmp/jarvis.dump {filled.name}")
    # What happened after the dump is lost with the log; what was open in the dump is open again.
    filled.execute(COMPLETION.format(1) + f"; {START}", user="jarvis")
    (script,) = documented("A table is lost")
    # The list also contains the views that are dropped with the table.
    script = script.replace("memory_facts", "(tool_calls|open_tool_calls|tool_call_history)")
    filled.execute("DROP TABLE public.tool_calls, public.tool_calls_open CASCADE")
    in_container(filled, script.replace("-d jarvis ", f"-d {filled.name} "))
    assert told(filled) == kept(filled) == [1, 2, 3]
    assert filled.run(state="verified", expect_failure=None).differences == []


def test_calls_that_were_inserted_without_triggers_are_found_again_as_the_docs_have_it(filled: Database) -> None:
    filled.execute(
        "ALTER TABLE public.tool_calls DISABLE TRIGGER tool_calls_open_add;"
        f"{START}; ALTER TABLE public.tool_calls ENABLE ALWAYS TRIGGER tool_calls_open_add"
    )
    assert told(filled) == [1, 2, 3]
    (statements,) = documented("An open call is not told")
    filled.execute(statements)
    assert told(filled) == kept(filled) == [1, 2, 3, 40005]
