"""One real PostgreSQL 16 for the whole session, a fresh database for every test."""

from __future__ import annotations

import itertools
import os
import pathlib
import sys
from collections.abc import Iterator

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from schema_server import Database, Server, running_server  # noqa: E402


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    image = os.environ.get("JARVIS_TEST_POSTGRES_IMAGE")
    if not image:
        pytest.exit("JARVIS_TEST_POSTGRES_IMAGE must name a PostgreSQL 16 image, such as postgres:16-alpine", 2)
    # The tests' data need not survive a crash of the machine.
    with running_server(image, "fsync=off", "autovacuum=off") as server:
        server.create_database("shipped")
        Database(server, "shipped").run()
        yield server


ROWS = """
INSERT INTO tool_calls (tool_name, input) VALUES ('search', '{"q": 1}');
INSERT INTO planning_cycles (goals) VALUES ('["live"]');
INSERT INTO decision_log (cycle_id, reasoning, decision) VALUES (1, '{}', 'go on');
INSERT INTO agent_state (key, value) VALUES ('mood', '"good"');
INSERT INTO memory_facts (subject, body) VALUES ('sun', '{"learned": "today"}');
"""

numbers = itertools.count(1)


@pytest.fixture
def database(server: Server) -> Database:
    """Make a new, empty database."""
    name = f"test_{next(numbers)}"
    server.create_database(name)
    return Database(server, name)


@pytest.fixture
def deployed(server: Server) -> Database:
    """Make a new database with the shipped schema."""
    name = f"test_{next(numbers)}"
    server.create_database(name, template="shipped")
    return Database(server, name)


@pytest.fixture
def rows(deployed: Database) -> Database:
    """Make a new database with a row in every table."""
    deployed.execute(ROWS, user="jarvis")
    return deployed


@pytest.fixture(scope="session")
def unchanged(server: Server) -> Database:
    """Make one database with a row in every table, for all tests in which everything is refused."""
    server.create_database("unchanged", template="shipped")
    database = Database(server, "unchanged")
    database.execute(ROWS, user="jarvis")
    return database
