"""Run one migration in a session of its own: the file and its ledger entry, together."""

import secrets
from contextlib import closing

from . import ledger
from .errors import SchemaError
from .explain import explain
from .files import Migration
from .session import Target, connect_as_owner, psycopg2
from .splitter import Statement

# For statements that wait for every older snapshot and meanwhile lock out nobody. A limit that the file has set stays.
PATIENT = """
SELECT pg_catalog.set_config('lock_timeout', '0', false) FROM pg_catalog.pg_settings
WHERE name OPERATOR(pg_catalog.=) 'lock_timeout' AND setting OPERATOR(pg_catalog.=) reset_val
"""
# The virtual transaction id shows whether a session is still in the same transaction as before.
TRANSACTION = "SELECT virtualtransaction FROM pg_locks WHERE pid = %s AND locktype = 'virtualxid'"


def apply(
    administrator, target: Target, migration: Migration, *, search_path: str, restart: bool = False, notices=None
) -> None:
    """Apply one file in the database that the administrator's session is in, and record it.

    With `restart`, the file is recorded as running already, and the operator wants to run it again. The search path is
    empty, except for a file that was written for another one. Notices of the server are appended to `notices`.

    Raises:
        SchemaError: with position, source line and what the server says. Nothing of the file is
            kept, unless it runs without transaction.

    """
    database = administrator.info.dbname
    session = connect_as_owner(
        target,
        database,
        durable=database == target.database,
        search_path=search_path,
        lock_timeout=target.lock_timeout,
    )
    if notices is not None:
        session.notices = notices
    # The file has a session of its own, so that settings and temporary objects end with it.
    with closing(session), administrator.cursor() as books, session.cursor() as cursor:
        if migration.transactional:
            _in_one_transaction(books, cursor, migration, search_path)
        else:
            _without_transaction(books, cursor, migration, restart, search_path)


def _in_one_transaction(books, cursor, migration: Migration, search_path: str) -> None:
    """Run the file. It cannot write its own entry, because the key for that is sent when the file has ended."""
    key = secrets.token_hex(16)
    ledger.permit(books, migration, search_path, key)
    cursor.execute("BEGIN")
    transaction = _transaction(books, cursor)
    last = _execute(cursor, migration)
    try:
        # Deferred triggers and constraints run now, while the session is still the owner.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        if _transaction(books, cursor) != transaction:
            raise SchemaError(f"{migration.name}: ended its transaction; a part of it may be there, unrecorded")
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute(ledger.RECORD, (key,))
        cursor.execute("COMMIT")
    except psycopg2.Error as error:
        raise SchemaError(explain(migration, last, error)) from error


def _transaction(books, cursor) -> list[tuple]:
    books.execute(TRANSACTION, (cursor.connection.info.backend_pid,))
    return books.fetchall()


def _without_transaction(books, cursor, migration: Migration, restart: bool, search_path: str) -> None:
    if restart:
        books.execute(ledger.RESTART, (migration.version,))
    else:
        books.execute(ledger.START, (migration.version, migration.name, migration.sha256, search_path))
    _execute(cursor, migration)
    books.execute(ledger.FINISH, (migration.version,))


def _execute(cursor, migration: Migration) -> Statement:
    """Run the statements, and return the last one."""
    for statement in migration.statements:
        try:
            patient = not migration.transactional and "CONCURRENTLY" in statement.noted
            if patient:
                cursor.execute(PATIENT)
                patient = cursor.rowcount == 1
            cursor.execute(migration.content[statement.offset : statement.end])
            if patient:
                cursor.execute("RESET lock_timeout")
        except psycopg2.Error as error:
            raise SchemaError(explain(migration, statement, error)) from error
    return statement
