"""One real PostgreSQL 16 for the whole session, a fresh database for every test."""

from __future__ import annotations

import itertools
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from schema_server import PREFIX, START_TIMEOUT, Database, Server, docker, remove_left_behind  # noqa: E402


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    image = os.environ.get("JARVIS_TEST_POSTGRES_IMAGE")
    if not image:
        pytest.exit("JARVIS_TEST_POSTGRES_IMAGE must name a PostgreSQL 16 image, such as postgres:16-alpine", 2)
    remove_left_behind()
    name = f"{PREFIX}{os.getpid()}"
    with tempfile.TemporaryDirectory() as socket:
        os.chmod(socket, 0o777)  # the container's user writes the socket  # noqa: S103
        docker(
            *("run", "--detach", "--name", name, "--volume", f"{socket}:/var/run/postgresql"),
            *(
                "--env",
                "POSTGRES_HOST_AUTH_METHOD=trust",
                "--env",
                "POSTGRES_INITDB_ARGS=--locale=C.UTF-8 --lc-collate=C",
            ),
            *("--network", "none", image, "postgres", "-c", "fsync=off", "-c", "autovacuum=off"),
        )
        try:
            server = Server(name, socket)
            # Over TCP inside, because the socket also answers while the image prepares the data folder.
            deadline = time.monotonic() + START_TIMEOUT
            while subprocess.run(
                ["docker", "exec", name, "pg_isready", "-q", "-h", "127.0.0.1"], check=False, capture_output=True
            ).returncode:
                assert time.monotonic() < deadline, docker("logs", "--tail", "30", name)
                time.sleep(0.2)
            server.wait()
            for statement in (
                "CREATE ROLE jarvis_owner NOLOGIN",
                "CREATE ROLE jarvis LOGIN",
                "CREATE ROLE jarvis_readonly LOGIN",
                "ALTER ROLE jarvis_owner SET timezone = 'UTC'",
                "ALTER ROLE jarvis SET timezone = 'UTC'",
                "ALTER ROLE jarvis_readonly SET timezone = 'UTC'",
            ):
                server.execute(statement)
            server.create_database("shipped")
            Database(server, "shipped").run()
            yield server
        finally:
            docker("rm", "--force", "--volumes", name)


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
