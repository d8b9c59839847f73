"""Connections: the administrator's, the one that a migration runs in, and the lock that keeps a second run out."""

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

try:
    import psycopg2
    from psycopg2 import sql
except ImportError:  # the module reports this; in check mode it works without psycopg2
    psycopg2 = sql = None

from .errors import SchemaError

MAINTENANCE = "postgres"  # the database to connect to in order to create others, or as long as ours does not exist
POLL_INTERVAL = 0.1  # seconds between two tries for the lock

# Every session begins with these settings, whatever server, database and role say, and RESET ALL brings them back. The
# search path is empty because the application may create functions in public, and one whose arguments fit better would
# be called instead of PostgreSQL's. The server checks whether this client still lives, so that a killed run ends within
# a second.
SETTINGS = {
    "search_path": "",
    "role": "none",
    "local_preload_libraries": "",
    "client_connection_check_interval": "1s",
    "idle_session_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "default_transaction_isolation": "read\\ committed",
    "default_transaction_read_only": "off",
    "timezone": "UTC",
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "row_security": "on",
    "jit": "off",
}
# Only a superuser can set these.
ADMINISTRATOR_SETTINGS = {"session_preload_libraries": "", "session_replication_role": "origin"}

# The lock is on a view of PostgreSQL's own, which only a superuser can lock. An advisory lock would not do: an
# application can hold any of them, and a migration can release them. The view exists before the ledger does, and
# neither VACUUM nor a dump waits for a lock on a view.
TRY_RUN_LOCK = "LOCK TABLE pg_catalog.pg_config IN EXCLUSIVE MODE NOWAIT"
HOLDER = """
SELECT pid, backend_start::timestamptz(0)::text FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE relation = 'pg_catalog.pg_config'::regclass AND mode = 'ExclusiveLock' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
MIGRATING = """
SELECT pid, backend_start::timestamptz(0)::text FROM pg_stat_activity
WHERE usename = %s AND datname = current_database()
"""


class Target(NamedTuple):
    """The database, how to reach it, and how long to wait for it."""

    database: str
    owner: str  # role that migrations run as
    migrator: str  # role as which they log in; it can do nothing but become the owner
    host: str  # folder of the unix socket
    port: int
    user: str  # a superuser
    lock_wait: float  # seconds to wait for another run
    lock_timeout: float  # seconds a statement waits for a lock
    statement_timeout: float  # seconds a statement may take, 0 for any
    extensions: tuple[str, ...] = ()  # extensions that have to exist before the files run
    extension_users: tuple[str, ...] = ()  # roles besides the owner that may use the extensions

    @property
    def socket(self) -> str:
        """Path of the unix socket."""
        return f"{self.host}/.s.PGSQL.{self.port}"


def connect(target: Target, database: str, durable: bool = True):
    """Open a session of the administrator; every statement is its own transaction unless BEGIN says otherwise.

    What is not `durable` need not survive a crash of the server.

    Raises:
        psycopg2.OperationalError: the server does not answer, or has no such database.

    """
    return _open(target, database, target.user, {**SETTINGS, **ADMINISTRATOR_SETTINGS, **_durability(durable)})


def connect_as_owner(target: Target, database: str, *, durable: bool, search_path: str, lock_timeout: float):
    """Open a session of the owner. Nothing that runs in it can make it a superuser's.

    Raises:
        psycopg2.OperationalError: the server does not answer, or does not admit the migrator.

    """
    settings = {
        "role": re.sub(r"([\\\s])", r"\\\1", target.owner),
        "search_path": search_path,
        "lock_timeout": f"{round(lock_timeout * 1000)}ms",
        "statement_timeout": f"{round(target.statement_timeout * 1000)}ms",
    }
    return _open(target, database, target.migrator, {**SETTINGS, **settings, **_durability(durable)})


def _durability(durable: bool) -> dict[str, str]:
    return {} if durable else {"synchronous_commit": "off"}


def _open(target: Target, database: str, user: str, settings: dict[str, str]):
    connection = psycopg2.connect(
        host=target.host,
        port=target.port,
        user=user,
        dbname=database,
        connect_timeout=10,
        application_name="jarvis-schema",
        options=" ".join(f"-c {name}={value}" for name, value in settings.items()),
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
def run_lock(target: Target) -> Iterator[None]:
    """Hold the lock of this database in a session of its own; only one run at a time passes.

    That session holds no snapshot, and it tries again and again instead of waiting inside the server. So CREATE INDEX
    CONCURRENTLY does not wait for it.

    Raises:
        SchemaError: another run holds it for longer than `lock_wait` seconds.

    """
    deadline = time.monotonic() + target.lock_wait
    with closing(connect(target, target.database)) as connection, connection.cursor() as cursor:
        while not _try_run_lock(cursor, target):
            if time.monotonic() >= deadline:
                cursor.execute(HOLDER)
                holders = cursor.fetchall()
                cursor.execute(MIGRATING, (target.migrator,))
                holders = dict(holders + cursor.fetchall())
                named = "".join(f" (backend {pid}, connected since {since})" for pid, since in holders.items())
                raise SchemaError(
                    f"another run holds the lock of this database{named}; waited {target.lock_wait:g} s. "
                    "Wait for it, or raise schema_lock_wait_seconds"
                )
            time.sleep(POLL_INTERVAL)
        yield


def _try_run_lock(cursor, target: Target) -> bool:
    """Take the lock for the session's transaction, unless the last statement of a killed run is still running."""
    cursor.execute("BEGIN")
    try:
        cursor.execute(TRY_RUN_LOCK)
        cursor.execute(MIGRATING, (target.migrator,))
        if not cursor.fetchall():
            return True
    except psycopg2.errors.LockNotAvailable:
        pass
    cursor.execute("ROLLBACK")
    return False
