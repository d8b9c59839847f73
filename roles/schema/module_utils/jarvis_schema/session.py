"""Connections, and what a session is allowed to keep between two files."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

try:
    import psycopg2
    from psycopg2 import sql
except ImportError:  # the module says so; in check mode it can do without
    psycopg2 = sql = None

from .errors import SchemaError

MAINTENANCE = "postgres"  # the database to be in while ours is not there, and to create others from
POLL_INTERVAL = 0.1  # seconds between two tries for the lock

# A file may leave behind anything a session can hold, and DISCARD ALL would give up the lock, too.
RESET = """
SET SESSION AUTHORIZATION DEFAULT;
RESET ALL;
CLOSE ALL;
UNLISTEN *;
DEALLOCATE ALL;
DISCARD PLANS;
DISCARD SEQUENCES;
DISCARD TEMP;
"""


class Target(NamedTuple):
    """The database, how to reach it, and how long to wait for it."""

    database: str
    owner: str  # role that migrations run as
    host: str  # folder of the unix socket
    port: int
    user: str  # a superuser
    lock_wait: float  # seconds to wait for another run
    lock_timeout: float  # seconds a statement waits for a lock
    statement_timeout: float  # seconds a statement may take, 0 for any

    @property
    def socket(self) -> str:
        """Path of the unix socket."""
        return f"{self.host}/.s.PGSQL.{self.port}"


def connect(target: Target, database: str, durable: bool = True):
    """Open a session in `database`; every statement is its own transaction unless BEGIN says otherwise.

    What is not `durable` need not survive a crash of the server.

    Raises:
        psycopg2.OperationalError: the server does not answer, or has no such database.

    """
    connection = psycopg2.connect(
        host=target.host,
        port=target.port,
        user=target.user,
        dbname=database,
        connect_timeout=10,
        application_name="jarvis-schema",
        # Settings of the role or of the database must not change what a file means. The server looks
        # whether this client still lives, so that a killed run frees its lock within a second.
        options="-c client_connection_check_interval=1s -c timezone=UTC -c search_path=public "
        "-c default_transaction_read_only=off -c session_replication_role=origin "
        "-c client_encoding=UTF8 -c standard_conforming_strings=on -c row_security=on -c jit=off"
        + ("" if durable else " -c synchronous_commit=off"),
    )
    connection.autocommit = True
    return connection


def lock_key(*names: str) -> tuple[int, int]:
    """Return the two numbers of the advisory lock with this name."""
    digest = hashlib.sha256("/".join(("jarvis-schema",) + names).encode("utf-8")).digest()
    return (
        int.from_bytes(digest[:4], "big", signed=True),
        int.from_bytes(digest[4:8], "big", signed=True),
    )


def try_lock(cursor, *names: str) -> bool:
    """Take the session's advisory lock with this name, if it is free."""
    cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", lock_key(*names))
    return cursor.fetchone()[0]


@contextmanager
def run_lock(connection, wait: float) -> Iterator[None]:
    """Hold the lock of this database; only one run at a time passes.

    It polls: a session that waits inside the server holds a snapshot, and CREATE INDEX CONCURRENTLY
    of the other run would wait for that snapshot for ever.

    Raises:
        SchemaError: another run holds it for longer than `wait` seconds.

    """
    deadline = time.monotonic() + wait
    with connection.cursor() as cursor:
        while not try_lock(cursor, "run"):
            if time.monotonic() >= deadline:
                cursor.execute(
                    "SELECT pid, backend_start::timestamptz(0)::text FROM pg_locks JOIN pg_stat_activity USING (pid) "
                    "WHERE locktype = 'advisory' AND granted AND (classid, objid) = (%s::bigint & 4294967295, "
                    "%s::bigint & 4294967295) AND objsubid = 2 "
                    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                    lock_key("run"),
                )
                holder = "".join(f" (backend {pid}, connected since {since})" for pid, since in cursor.fetchall())
                raise SchemaError(
                    f"another run holds the lock of this database{holder}; waited {wait:g} s. "
                    "Wait for it, or raise schema_lock_wait_seconds"
                )
            time.sleep(POLL_INTERVAL)
        try:
            yield
        finally:
            if not connection.closed:
                cursor.execute("ROLLBACK")  # what failed in a transaction, which would refuse the rest
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", lock_key("run"))


def become_owner(cursor, target: Target, scope: str) -> None:
    """Run what follows as the owner, with its timeouts.

    The scope is LOCAL for this transaction, or SESSION until the session is reset.
    """
    cursor.execute(
        sql.SQL(
            "SET {scope} lock_timeout = {lock}; SET {scope} statement_timeout = {statement}; "
            "SET {scope} SESSION AUTHORIZATION {owner}"
        ).format(
            scope=sql.SQL(scope),
            lock=sql.Literal(f"{round(target.lock_timeout * 1000)}ms"),
            statement=sql.Literal(f"{round(target.statement_timeout * 1000)}ms"),
            owner=sql.Identifier(target.owner),
        )
    )
