"""Find objects of the application that have the name of one of PostgreSQL's own.

The application may need them. For a session of another role whose search path contains their schema, they are traps: a
function whose arguments fit better is called instead of PostgreSQL's. No session of ours has such a search path; the
warning is for everybody else.
"""

from collections.abc import Sequence

NAMED = 20  # of them in a message
CREATED = """
SELECT o.type, o.identity
FROM (
    SELECT 'pg_proc'::regclass AS catalog, oid, proname AS name, proowner AS owner, pronamespace AS schema FROM pg_proc
    UNION ALL
    SELECT 'pg_operator'::regclass, oid, oprname, oprowner, oprnamespace FROM pg_operator
    UNION ALL
    SELECT 'pg_class'::regclass, oid, relname, relowner, relnamespace FROM pg_class
    UNION ALL
    -- An application's only base types are the arrays of its other ones.
    SELECT 'pg_type'::regclass, oid, typname, typowner, typnamespace FROM pg_type WHERE typrelid = 0 AND typtype <> 'b'
    UNION ALL
    SELECT 'pg_collation'::regclass, oid, collname, collowner, collnamespace FROM pg_collation
) AS created, pg_identify_object(created.catalog, created.oid, 0) AS o
WHERE created.owner = ANY (SELECT oid FROM pg_roles WHERE rolname = ANY (%s))
    AND created.schema NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_')
    AND created.name IN (
        SELECT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
            AND created.catalog = 'pg_proc'::regclass
        UNION ALL
        SELECT oprname FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace
            AND created.catalog = 'pg_operator'::regclass
        UNION ALL
        SELECT relname FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace
            AND created.catalog = 'pg_class'::regclass
        UNION ALL
        SELECT typname FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace
            AND created.catalog IN ('pg_type'::regclass, 'pg_class'::regclass)
        UNION ALL
        SELECT collname FROM pg_collation WHERE collnamespace = 'pg_catalog'::regnamespace
            AND created.catalog = 'pg_collation'::regclass
    )
ORDER BY 1, 2
"""


def shadowing(cursor, application_roles: Sequence[str]) -> list[str]:
    """Return a warning that names the first few of these objects, or nothing if there are none."""
    cursor.execute(CREATED, (list(application_roles),))
    found = [f"{kind} {identity}" for kind, identity in cursor.fetchall()]
    if not found:
        return []
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return [
        "The application has made objects with names of PostgreSQL's own, which sessions that look for names in their "
        f"schemas may take for those: {', '.join(found[:NAMED])}{more}"
    ]
