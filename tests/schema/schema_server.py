"""A real server, its databases, and the engine on them."""

from __future__ import annotations

import itertools
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from psycopg2 import sql

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "roles/schema/module_utils"))

from jarvis_schema import files, session  # noqa: E402
from jarvis_schema.errors import SchemaError  # noqa: E402
from jarvis_schema.outcome import Outcome  # noqa: E402
from jarvis_schema.perform import perform  # noqa: E402
from jarvis_schema.request import Request  # noqa: E402

PREFIX = "jarvis-schematest-"
MIGRATIONS = ROOT / "sql/migrations"
START_TIMEOUT = 180  # seconds

numbers = itertools.count(1)  # one session may run several servers


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


def remove_left_behind() -> None:
    """Remove the containers of sessions that are gone."""
    for line in docker("ps", "-a", "--filter", f"name=^{PREFIX}", "--format", "{{.Names}}").splitlines():
        if not pathlib.Path("/proc", line.removeprefix(PREFIX).partition("-")[0]).exists():
            docker("rm", "--force", "--volumes", line)


class Server:
    """The server and the ways to reach it."""

    def __init__(self, container: str, socket: str) -> None:
        self.container = container
        self.socket = socket

    def connect(self, database: str = "postgres", user: str = "postgres"):
        connection = psycopg2.connect(host=self.socket, dbname=database, user=user)
        connection.autocommit = True
        return connection

    def wait(self) -> None:
        """Wait until it answers over TCP: the socket also answers while the image prepares the data folder."""
        deadline = time.monotonic() + START_TIMEOUT
        ready = ["docker", "exec", self.container, "pg_isready", "-q", "-h", "127.0.0.1"]
        while subprocess.run(ready, check=False, capture_output=True).returncode:
            assert time.monotonic() < deadline, docker("logs", "--tail", "30", self.container)
            time.sleep(0.1)

    def execute(self, statement, database: str = "postgres", user: str = "postgres"):
        """Run one statement and return its rows, if it has any."""
        connection = self.connect(database, user)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def create_database(self, name: str, template: str = "template0") -> None:
        self.execute(
            sql.SQL("CREATE DATABASE {} OWNER jarvis_owner TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        self.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        self.execute(sql.SQL("GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {} TO jarvis").format(sql.Identifier(name)))
        self.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO jarvis_readonly, jarvis_migrator").format(sql.Identifier(name))
        )


@contextmanager
def running_server(image: str, *settings: str, options: tuple[str, ...] = ()) -> Iterator[Server]:
    """Run a server with our four roles in a container with C(options); the socket is a folder of this machine."""
    remove_left_behind()
    name = f"{PREFIX}{os.getpid()}-{next(numbers)}"
    with tempfile.TemporaryDirectory() as socket:
        pathlib.Path(socket).chmod(0o777)  # the container's user writes there
        docker(
            *("run", "--detach", "--name", name, "--network", "none", "--volume", f"{socket}:/var/run/postgresql"),
            *("--env", "POSTGRES_HOST_AUTH_METHOD=trust"),
            *("--env", "POSTGRES_INITDB_ARGS=--locale=C.UTF-8 --lc-collate=C --data-checksums"),
            *options,
            *(image, "postgres", *(f"--{setting}" for setting in settings)),
        )
        try:
            server = Server(name, socket)
            server.wait()
            for statement in (
                "CREATE ROLE jarvis_owner NOLOGIN",
                "CREATE ROLE jarvis_migrator LOGIN NOINHERIT",
                "GRANT jarvis_owner TO jarvis_migrator",
                "CREATE ROLE jarvis LOGIN",
                "CREATE ROLE jarvis_readonly LOGIN",
                "ALTER ROLE jarvis_owner SET timezone = 'UTC'",
                "ALTER ROLE jarvis_migrator SET timezone = 'UTC'",
                "ALTER ROLE jarvis SET timezone = 'UTC'",
                "ALTER ROLE jarvis_readonly SET timezone = 'UTC'",
            ):
                server.execute(statement)
            yield server
        finally:
            docker("rm", "--force", "--volumes", name)


class Database:
    """A database of one test, and the engine on it."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name

    def connect(self, user: str = "postgres"):
        return self.server.connect(self.name, user)

    def execute(self, statement, user: str = "postgres"):
        return self.server.execute(statement, self.name, user)

    def ledger(self) -> list[tuple[int, str]]:
        return self.execute("SELECT version, state FROM jarvis_meta.migrations ORDER BY version")

    def target(self, **overrides) -> session.Target:
        values = {
            "database": self.name,
            "owner": "jarvis_owner",
            "migrator": "jarvis_migrator",
            "host": self.server.socket,
            "port": 5432,
            "user": "postgres",
            "lock_wait": 10,
            "lock_timeout": 5,
            "statement_timeout": 0,
        }
        return session.Target(**{**values, **overrides})

    def run(
        self, migrations: dict[str, str] | None = None, *, expect_failure: bool | None = False, target=None, **request
    ):
        """Run the engine on these files (by default the shipped ones); return its outcome, with `failure`.

        It has to fail or not, as expected; with None, it may do either.
        """
        values = {
            "state": "applied",
            "check_mode": False,
            "adopt": 0,
            "retry_interrupted": False,
            "unqualified_until": 0,
            "application_roles": ["jarvis"],
            "reader_roles": ["jarvis_readonly"],
            "settings": {"TimeZone": "UTC"},
            "role_settings": {},
            "client_roles": {},
            "connection_limits": {},
            "added_comment": "",
        }
        outcome = Outcome()
        outcome.failure = ""
        try:
            parsed = parse(shipped() if migrations is None else migrations)
            perform(target or self.target(), Request(migrations=parsed, **{**values, **request}), outcome)
        except SchemaError as error:
            if expect_failure is False:
                raise
            outcome.failure = error.message
        assert expect_failure is None or bool(outcome.failure) == expect_failure
        return outcome


def parse(migrations: dict[str, str]) -> list[files.Migration]:
    return [files.read(name, text.encode()) for name, text in sorted(migrations.items())]


def shipped() -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(MIGRATIONS.glob("*.sql"))}
