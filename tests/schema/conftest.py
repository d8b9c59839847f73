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
    # Nothing here has to survive a crash of the machine.
    with running_server(image, "fsync=off", "autovacuum=off") as server:
        server.create_database("shipped")
        Database(server, "shipped").run()
        yield server


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
