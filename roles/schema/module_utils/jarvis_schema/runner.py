"""Run one migration in one session: the file and its ledger entry, together."""

from . import ledger
from .errors import SchemaError
from .explain import explain
from .files import Migration
from .session import RESET, Target, become_owner, psycopg2
from .splitter import Statement


def apply(connection, target: Target, migration: Migration, restart: bool = False) -> None:
    """Apply one file and record it.

    With `restart`, the ledger has it as running already, and the operator wants it run again.

    Raises:
        SchemaError: with position, source line and what the server says. Nothing of the file is
            kept, unless it runs without transaction.

    """
    with connection.cursor() as cursor:
        try:
            if migration.transactional:
                _in_one_transaction(cursor, target, migration)
            else:
                _without_transaction(cursor, target, migration, restart)
        finally:
            _reset(connection, cursor)


def _in_one_transaction(cursor, target: Target, migration: Migration) -> None:
    cursor.execute("BEGIN")
    become_owner(cursor, target, "LOCAL")
    last = _execute(cursor, migration)
    try:
        # What was deferred runs now, while this is still the owner.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL SESSION AUTHORIZATION DEFAULT")
        cursor.execute(ledger.APPLIED, (migration.version, migration.name, migration.sha256))
        cursor.execute("COMMIT")
    except psycopg2.Error as error:
        raise SchemaError(explain(migration, last, error)) from error


def _without_transaction(cursor, target: Target, migration: Migration, restart: bool) -> None:
    if restart:
        cursor.execute(ledger.RESTART, (migration.version,))
    else:
        cursor.execute(ledger.START, (migration.version, migration.name, migration.sha256))
    become_owner(cursor, target, "SESSION")
    _execute(cursor, migration)
    cursor.execute(RESET)
    cursor.execute(ledger.FINISH, (migration.version,))


def _execute(cursor, migration: Migration) -> Statement:
    """Run the statements, and return the last one."""
    for statement in migration.statements:
        try:
            cursor.execute(migration.content[statement.offset : statement.end])
        except psycopg2.Error as error:
            raise SchemaError(explain(migration, statement, error)) from error
    return statement


def _reset(connection, cursor) -> None:
    """Leave the session as it was opened, unless it is lost."""
    if connection.closed:
        return
    try:
        cursor.execute("ROLLBACK")
        cursor.execute(RESET)
    except psycopg2.OperationalError:
        connection.close()
