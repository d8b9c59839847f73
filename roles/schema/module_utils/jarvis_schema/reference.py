"""The catalog that the applied files made in the last rehearsal, remembered in the database.

To make it again takes a shadow, and to remove that, the server writes a checkpoint. As long as nothing that it was
made of has changed, a verification reads it from here, and leaves the server alone.
"""

import hashlib
import json

from . import ledger
from .catalog import Object, Snapshot
from .catalog_queries import ALL
from .session import Target

EXISTS = "SELECT to_regclass('jarvis_meta.catalog') IS NOT NULL"
RECALL = "SELECT objects FROM jarvis_meta.catalog WHERE made_of = %s"
REMEMBER = "INSERT INTO jarvis_meta.catalog (made_of, objects) VALUES (%s, %s)"


def remember(connection, target: Target, plan: ledger.Plan, snapshot: Snapshot) -> None:
    """Keep what the files that are applied by now have made, and forget what was kept before."""
    objects = [[kind, identity, *found] for (kind, identity), found in snapshot.items()]
    with connection.cursor() as cursor:
        cursor.execute("BEGIN; DELETE FROM jarvis_meta.catalog")
        cursor.execute(REMEMBER, (_made_of(connection, target, plan), json.dumps(objects)))
        cursor.execute("COMMIT")


def recall(connection, target: Target, plan: ledger.Plan) -> Snapshot | None:
    """Return what the applied files make, or None if it was made of something else, or never."""
    with connection.cursor() as cursor:
        cursor.execute(EXISTS)
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(RECALL, (_made_of(connection, target, plan),))
        row = cursor.fetchone()
    return row and {(kind, identity): Object(owner, facts) for kind, identity, owner, facts in row[0]}


def _made_of(connection, target: Target, plan: ledger.Plan) -> str:
    """Return a digest of all that a snapshot depends on: the files, the server, the owner, and our questions."""
    files = [migration.sha256 for migration in plan.applied]
    parts = [*files, str(connection.server_version), target.owner, ledger.CREATE, *ALL]
    return hashlib.sha256("\0".join(parts).encode("utf-8")).hexdigest()
