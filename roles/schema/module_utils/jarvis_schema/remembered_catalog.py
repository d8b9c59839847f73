"""The catalog that the applied files made in the last rehearsal, remembered in the database.

Making the catalog again needs a shadow database, and removing that costs the server a checkpoint. As long as nothing
has changed on which the catalog depends, a verification reads the remembered one and makes no shadow.
"""

import hashlib
import json

from . import ledger
from .files import Migration
from .session import Target

# A digest of the queries to the catalog. It stands here so that a run with nothing to do need not load the queries. A
# unit test compares it with them.
QUESTIONS = "42e11442cefecb16"
EXISTS = "SELECT to_regclass('jarvis_meta.catalog') IS NOT NULL"
FITS = "SELECT FROM jarvis_meta.catalog WHERE made_of = %s"
RECALL = "SELECT objects FROM jarvis_meta.catalog WHERE made_of = %s"
REMEMBER = "DELETE FROM jarvis_meta.catalog; INSERT INTO jarvis_meta.catalog (made_of, objects) VALUES (%s, %s)"


def remember(connection, target: Target, applied: list[Migration], objects: list[list]) -> None:
    """Remember what these files have made, in the form of catalog.to_list, and forget what was remembered before."""
    with connection.cursor() as cursor:
        cursor.execute(REMEMBER, (_made_of(connection, target, applied), json.dumps(objects)))


def fits(connection, target: Target, applied: list[Migration]) -> bool:
    """Return whether the remembered catalog was made of the same things that exist now. Without files, nothing is."""
    return not applied or _look_up(FITS, connection, target, applied) is not None


def recall(connection, target: Target, applied: list[Migration]) -> list[list] | None:
    """Return the remembered result of these files, or None if something else is remembered."""
    row = _look_up(RECALL, connection, target, applied)
    return row and row[0]


def _look_up(query: str, connection, target: Target, applied: list[Migration]) -> tuple | None:
    with connection.cursor() as cursor:
        cursor.execute(EXISTS)
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(query, (_made_of(connection, target, applied),))
        return cursor.fetchone()


def _made_of(connection, target: Target, applied: list[Migration]) -> str:
    """Return a digest of the files, and of all else that decides what they make and how the server prints it."""
    files = [migration.sha256 for migration in applied]
    parts = [
        *files,
        str(connection.server_version),
        target.owner,
        target.migrator,
        target.user,
        *target.extensions,
        *target.extension_users,
        ledger.CREATE,
        QUESTIONS,
    ]
    return hashlib.sha256("\0".join(parts).encode("utf-8")).hexdigest()
