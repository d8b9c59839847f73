"""The ledger `jarvis_meta.migrations`: what was applied, when, and with which checksum.

Beside it, `jarvis_meta.catalog` holds what the files have made (see reference.py).
"""

from typing import NamedTuple

from .errors import SchemaError
from .files import Migration

SCHEMA = "jarvis_meta"

# Owned by the administrator, so that no migration can write it.
CREATE = """
CREATE SCHEMA IF NOT EXISTS jarvis_meta;
CREATE TABLE IF NOT EXISTS jarvis_meta.migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    state text NOT NULL CONSTRAINT migrations_state_check CHECK (state IN ('running', 'applied', 'adopted')),
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz
);
CREATE TABLE IF NOT EXISTS jarvis_meta.catalog (
    made_of text PRIMARY KEY,
    objects jsonb NOT NULL
);
REVOKE ALL ON SCHEMA jarvis_meta FROM PUBLIC;
REVOKE ALL ON TABLE jarvis_meta.migrations, jarvis_meta.catalog FROM PUBLIC;
"""
EXISTS = "SELECT to_regclass('jarvis_meta.migrations') IS NOT NULL"
READ = "SELECT version, name, sha256, state FROM jarvis_meta.migrations ORDER BY version"
START = "INSERT INTO jarvis_meta.migrations (version, name, sha256, state) VALUES (%s, %s, %s, 'running')"
RESTART = "UPDATE jarvis_meta.migrations SET started_at = clock_timestamp() WHERE version = %s"
FINISH = "UPDATE jarvis_meta.migrations SET state = 'applied', finished_at = clock_timestamp() WHERE version = %s"
APPLIED = (
    "INSERT INTO jarvis_meta.migrations (version, name, sha256, state, started_at, finished_at) "
    "VALUES (%s, %s, %s, 'applied', transaction_timestamp(), clock_timestamp())"
)
ADOPTED = (
    "INSERT INTO jarvis_meta.migrations (version, name, sha256, state, started_at, finished_at) "
    "VALUES (%s, %s, %s, 'adopted', transaction_timestamp(), clock_timestamp())"
)


class Entry(NamedTuple):
    """One row of the ledger."""

    version: int
    name: str
    sha256: str
    state: str  # running, applied or adopted


class Plan(NamedTuple):
    """What the ledger and the files say together."""

    applied: list[Migration]
    interrupted: Migration | None  # a file without transaction that was started and never finished
    pending: list[Migration]  # in the order to apply, the interrupted one first


def read(cursor) -> list[Entry]:
    """Return all entries, none if there is no ledger yet."""
    cursor.execute(EXISTS)
    if not cursor.fetchone()[0]:
        return []
    cursor.execute(READ)
    return [Entry(*row) for row in cursor.fetchall()]


def plan(migrations: list[Migration], entries: list[Entry]) -> Plan:
    """Compare files and ledger.

    Raises:
        SchemaError: an applied file was edited, renamed or is missing, or a file is older than the
            newest applied one. All of it at once.

    """
    files: dict[int, Migration] = {migration.version: migration for migration in migrations}
    recorded = {entry.version: entry for entry in entries}
    newest = max(recorded, default=0)
    found: list[str] = []
    for entry in entries:
        file = files.get(entry.version)
        if file is None:
            found.append(
                f"{entry.name}: recorded as {entry.state} in the ledger (sha256 {entry.sha256}), but the file is gone; "
                "bring it back as it was"
            )
        elif file.sha256 != entry.sha256:
            found.append(
                f"{file.name}: was edited after it was {entry.state}: sha256 {entry.sha256} in the ledger, "
                f"{file.sha256} in the file; restore the file and put the change into a new one"
            )
        elif file.name != entry.name:
            found.append(f"{file.name}: was {entry.state} as {entry.name}; give it its name back")
    for migration in migrations:
        if migration.version not in recorded and migration.version < newest:
            found.append(
                f"{migration.name}: is older than {recorded[newest].name}, which is applied already; "
                f"give it a number above {newest:04d}"
            )
    if found:
        raise SchemaError("\n".join(found))
    running = [entry.version for entry in entries if entry.state == "running"]
    return Plan(
        applied=[files[entry.version] for entry in entries if entry.state != "running"],
        interrupted=files[running[0]] if running else None,
        pending=[m for m in migrations if m.version not in recorded or m.version in running],
    )
