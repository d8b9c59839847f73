"""Extensions. A superuser makes them before the files run, in a schema of their own where nobody else can create."""

from .catalog import Snapshot
from .errors import SchemaError
from .session import Target, sql

SCHEMA = "extensions"
MISSING = """
SELECT wanted FROM unnest(%s::text[]) AS wanted
WHERE NOT EXISTS (SELECT FROM pg_available_extensions AS a WHERE a.name = wanted) ORDER BY 1
"""
# An existing extension stays in its schema. Some extensions determine their schema themselves.
TO_MAKE = """
SELECT a.name, v.schema IS NOT NULL
FROM unnest(%s::text[]) WITH ORDINALITY AS w (name, place)
JOIN pg_available_extensions AS a ON a.name = w.name AND a.installed_version IS NULL
JOIN pg_available_extension_versions AS v ON v.name = a.name AND v.version = a.default_version
ORDER BY w.place
"""
STRANGER = """
SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = %s AND nspowner <> current_user::regrole
"""
PREPARE = """
CREATE SCHEMA IF NOT EXISTS {schema};
REVOKE ALL ON SCHEMA {schema} FROM PUBLIC;
GRANT USAGE ON SCHEMA {schema} TO {users}
"""


def check(connection, target: Target) -> None:
    """Refuse extensions that cannot be made.

    Raises:
        SchemaError: the server has no such extension.

    """
    with connection.cursor() as cursor:
        cursor.execute(MISSING, (list(target.extensions),))
        missing = [name for (name,) in cursor.fetchall()]
    if missing:
        raise SchemaError(
            f"postgres_extensions: the server's image does not have {', '.join(missing)}. Nothing was changed. "
            "Take an image that has it (images_postgres), or remove it from the list"
        )


def to_make(connection, target: Target) -> list[str]:
    """Return the names of the wanted extensions that are not in this database yet."""
    with connection.cursor() as cursor:
        cursor.execute(TO_MAKE, (list(target.extensions),))
        return [name for name, _ in cursor.fetchall()]


def create(connection, target: Target) -> list[str]:
    """Make the extensions that are missing, and return their names.

    Raises:
        SchemaError: their schema belongs to somebody else, who could make objects there that replace theirs.

    """
    if not target.extensions:
        return []
    made = []
    schema = sql.Identifier(SCHEMA)
    users = sql.SQL(", ").join(map(sql.Identifier, (target.owner, *target.extension_users)))
    with connection.cursor() as cursor:
        cursor.execute(STRANGER, (SCHEMA,))
        stranger = cursor.fetchone()
        if stranger:
            raise SchemaError(
                f"The schema {SCHEMA} belongs to {stranger[0]}, and extensions are made there by {target.user}. Rename "
                "it, or empty postgres_extensions"
            )
        cursor.execute("BEGIN")
        cursor.execute("SET LOCAL client_min_messages = warning")
        cursor.execute(sql.SQL(PREPARE).format(schema=schema, users=users))
        cursor.execute(TO_MAKE, (list(target.extensions),))
        for name, has_schema in cursor.fetchall():
            # An extension may exist by now because another one needed it.
            parts = [sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name))]
            parts += [] if has_schema else [sql.SQL("SCHEMA {}").format(schema)]
            cursor.execute(sql.SQL(" ").join([*parts, sql.SQL("CASCADE")]))
            made.append(name)
        cursor.execute("COMMIT")
    return made


def without_missing(expected: Snapshot, actual: Snapshot) -> Snapshot:
    """Leave out the extensions that a run would make first, and their schema."""
    kinds = {"extension": None, "schema": SCHEMA}
    return {
        (kind, identity): found
        for (kind, identity), found in expected.items()
        if kind not in kinds or kinds[kind] not in (None, identity) or (kind, identity) in actual
    }
