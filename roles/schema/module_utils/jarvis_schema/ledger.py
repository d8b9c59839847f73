"""The ledger `jarvis_meta.migrations`: what was applied, when, and with which checksum.

Beside it, `jarvis_meta.catalog` holds what the files have made (see remembered_catalog.py).
"""

import hashlib
from typing import NamedTuple

from .errors import SchemaError
from .files import Migration
from .session import Target, sql

SCHEMA = "jarvis_meta"
PUBLIC = "public"  # the search path with which files of earlier releases ran

# The administrator owns the ledger, so no migration can write to it.
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
-- Rows of earlier releases, under which files ran with this search path, are told by the default.
ALTER TABLE jarvis_meta.migrations ADD COLUMN IF NOT EXISTS search_path text NOT NULL DEFAULT 'public';
CREATE TABLE IF NOT EXISTS jarvis_meta.catalog (
    made_of text PRIMARY KEY,
    objects jsonb NOT NULL
);
-- What the file that runs just now is to be recorded as, for whoever knows the key.
CREATE TABLE IF NOT EXISTS jarvis_meta.permits (
    key_sha256 text PRIMARY KEY,
    version integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    search_path text NOT NULL
);
CREATE OR REPLACE FUNCTION jarvis_meta.record(key text) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    WITH permit AS (
        DELETE FROM jarvis_meta.permits
        WHERE key_sha256 = encode(sha256(convert_to(key, 'UTF8')), 'hex')
        RETURNING version, name, sha256, search_path
    )
    INSERT INTO jarvis_meta.migrations (version, name, sha256, state, started_at, finished_at, search_path)
    SELECT version, name, sha256, 'applied', transaction_timestamp(), clock_timestamp(), search_path
    FROM permit;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this is no key to the ledger';
    END IF;
END
$$;
REVOKE ALL ON SCHEMA jarvis_meta FROM PUBLIC;
REVOKE ALL ON TABLE jarvis_meta.migrations, jarvis_meta.catalog, jarvis_meta.permits FROM PUBLIC;
REVOKE ALL ON FUNCTION jarvis_meta.record(text) FROM PUBLIC;
GRANT USAGE ON SCHEMA jarvis_meta TO {migrator};
GRANT EXECUTE ON FUNCTION jarvis_meta.record(text) TO {migrator};
"""
# If somebody else owned the ledger, reading it could run code that they put there.
FOUND = """
SELECT to_regclass('jarvis_meta.migrations') IS NOT NULL, (
    SELECT string_agg(DISTINCT owner::regrole::text, ', ') FROM (
        SELECT nspowner AS owner FROM pg_namespace WHERE nspname = 'jarvis_meta'
        UNION ALL
        SELECT relowner FROM pg_class WHERE relnamespace = to_regnamespace('jarvis_meta')
    ) AS owners WHERE owner <> current_user::regrole)
"""
# A ledger of an earlier release has no search_path yet.
READ = (
    "SELECT version, name, sha256, state, coalesce(to_jsonb(m) ->> 'search_path', 'public') "
    "FROM jarvis_meta.migrations AS m ORDER BY version"
)
START = (
    "INSERT INTO jarvis_meta.migrations (version, name, sha256, state, search_path) VALUES (%s, %s, %s, 'running', %s)"
)
RESTART = "UPDATE jarvis_meta.migrations SET started_at = clock_timestamp() WHERE version = %s"
FINISH = "UPDATE jarvis_meta.migrations SET state = 'applied', finished_at = clock_timestamp() WHERE version = %s"
PERMIT = (
    "DELETE FROM jarvis_meta.permits; "
    "INSERT INTO jarvis_meta.permits (key_sha256, version, name, sha256, search_path) VALUES (%s, %s, %s, %s, %s)"
)
RECORD = "SELECT jarvis_meta.record(%s)"
ADOPTED = (
    "INSERT INTO jarvis_meta.migrations (version, name, sha256, state, started_at, finished_at, search_path) "
    "VALUES (%s, %s, %s, 'adopted', transaction_timestamp(), clock_timestamp(), %s)"
)


class Entry(NamedTuple):
    """One row of the ledger."""

    version: int
    name: str
    sha256: str
    state: str  # running, applied or adopted
    search_path: str = ""  # with which the file ran


class Plan(NamedTuple):
    """What follows from comparing the ledger with the files."""

    applied: list[Migration]
    interrupted: Migration | None  # a file without transaction that was started and never finished
    pending: list[Migration]  # in the order in which they are applied, the interrupted one first
    search_paths: dict[int, str]  # with which files ran, or are to run, by version


def create(cursor, target: Target) -> None:
    """Make the ledger, or bring an earlier release's up to date."""
    cursor.execute(sql.SQL(CREATE).format(migrator=sql.Identifier(target.migrator)))


def permit(cursor, migration: Migration, search_path: str, key: str) -> None:
    """Allow a session that knows the key to record this file, once. Earlier keys become invalid."""
    digest = hashlib.sha256(key.encode("utf-8")).hexdigest()
    cursor.execute(PERMIT, (digest, migration.version, migration.name, migration.sha256, search_path))


def read(cursor) -> list[Entry]:
    """Return all entries, none if there is no ledger yet.

    Raises:
        SchemaError: somebody else made it.

    """
    cursor.execute(FOUND)
    exists, strangers = cursor.fetchone()
    if strangers:
        raise SchemaError(
            f"the schema {SCHEMA}, or a table in it, belongs to {strangers} and not to the administrator, so it is no "
            "ledger of ours; look at what it is, rename or drop it, and run again"
        )
    if not exists:
        return []
    cursor.execute(READ)
    return [Entry(*row) for row in cursor.fetchall()]


def plan(migrations: list[Migration], entries: list[Entry], unqualified_until: int = 0) -> Plan:
    """Compare files and ledger.

    Files up to `unqualified_until` run with the search path public. If a file's search path is recorded, that one
    counts.

    Raises:
        SchemaError: an applied file was edited, renamed or is missing, or a file is older than the
            newest applied one. The message names all of them.

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
        search_paths={
            **{migration.version: PUBLIC if migration.version <= unqualified_until else "" for migration in migrations},
            **{entry.version: entry.search_path for entry in entries},
        },
    )
