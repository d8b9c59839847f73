"""Take over a database whose tables were made by another tool."""

from . import extensions, ledger
from .apply_file import apply
from .catalog import Snapshot, snapshot
from .drift import compare
from .errors import SchemaError
from .files import Migration
from .session import Target
from .shadow import shadow
from .spelling import settle


def adoptable(
    connection,
    target: Target,
    migrations: list[Migration],
    version: int,
    *,
    search_paths: dict[int, str],
    application_roles: list[str],
) -> ledger.Plan:
    """Return a plan in which the files up to `version` count as applied.

    Raises:
        SchemaError: there is no such file, or the database is not exactly what these files make.

    """
    if version not in [migration.version for migration in migrations]:
        raise SchemaError(f"adopt: there is no file with the number {version:04d}")
    adopted = [migration for migration in migrations if migration.version <= version]
    with shadow(target) as session:
        for migration in adopted:
            if migration.rehearsed:
                apply(session, target, migration, search_path=search_paths[migration.version])
        expected = snapshot(session, target.lock_timeout)
        actual = snapshot(connection, target.lock_timeout)
        wanted = extensions.without_missing(without_ledger(expected), actual)
        found, _ = compare(wanted, without_ledger(actual), application_roles)
        found = settle(session.info.dbname, target, found, expected)
    if found:
        raise SchemaError(
            f"{target.database} cannot be adopted at {adopted[-1].name}, because it is not what the files make:\n"
            + "\n".join(map(str, found))
        )
    pending = [migration for migration in migrations if migration.version > version]
    return ledger.Plan(adopted, None, pending, search_paths)


def without_ledger(objects: Snapshot) -> Snapshot:
    """Leave out the ledger if the database does not have this release's yet."""
    return {
        (kind, identity): found
        for (kind, identity), found in objects.items()
        if identity.split(".")[0] != ledger.SCHEMA
    }


def record(connection, target: Target, plan: ledger.Plan) -> None:
    """Write the adopted files into the ledger, all or none."""
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        ledger.create(cursor, target)
        for migration in plan.applied:
            path = plan.search_paths[migration.version]
            cursor.execute(ledger.ADOPTED, (migration.version, migration.name, migration.sha256, path))
        cursor.execute("COMMIT")
