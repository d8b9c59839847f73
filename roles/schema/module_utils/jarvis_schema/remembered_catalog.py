"""The catalog that the applied files made in the last rehearsal, remembered in the database.

To make it again takes a shadow, and to remove that, the server writes a checkpoint. As long as nothing that it was
made of has changed, a verification reads it from here, and leaves the server alone.
"""

import hashlib
import json

from . import ledger
from .files import Migration
from .session import Target

# Digest of the questions to the catalog, which a run with nothing to do need not load; a unit test compares it.
QUESTIONS = "42e11442cefecb16"
EXISTS = "SELECT to_regclass('jarvis_meta.catalog') IS NOT NULL"
FITS = "SELECT FROM jarvis_meta.catalog WHERE made_of = %s"
RECALL = "SELECT objects FROM jarvis_meta.catalog WHERE made_of = %s"
REMEMBER = "DELETE FROM jarvis_meta.catalog; INSERT INTO jarvis_meta.catalog (made_of, objects) VALUES (%s, %s)"


def remember(connection, target: Target, applied: list[Migration], objects: list[list]) -> None:
    """Keep what these files have made, as catalog.to_list gives it, and forget what was kept before."""
    with connection.cursor() as cursor:
        cursor.execute(REMEMBER, (_made_of(connection, target, applied), json.dumps(objects)))


def fits(connection, target: Target, applied: list[Migration]) -> bool:
    """Return whether what is remembered was made of the same as it would be made of now; of no files, nothing is."""
    return not applied or _look_up(FITS, connection, target, applied) is not None


def recall(connection, target: Target, applied: list[Migration]) -> list[list] | None:
    """Return what these files make, or None if what is remembered does not fit."""
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
    """Return a digest of the files and of what else decides what they make and how the server prints it."""
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
