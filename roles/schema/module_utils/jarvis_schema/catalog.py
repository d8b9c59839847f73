"""A snapshot of everything that users have made in a database. Two snapshots can be compared."""

from typing import NamedTuple

from . import catalog_objects, catalog_relations

QUERIES = (*catalog_relations.QUERIES, *catalog_objects.QUERIES)

# With an empty search path, every name is printed with its schema. The other settings make constants look the same
# always.
PRINTING = """
SET LOCAL search_path = ''; SET LOCAL quote_all_identifiers = off; SET LOCAL lc_monetary = 'C';
SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 1;
"""


class Object(NamedTuple):
    """What the catalog says about one object."""

    owner: str | None  # owner of the object, or of the table that it is a part of
    facts: dict[str, object]


Snapshot = dict[tuple[str, str], Object]  # by kind and identity


def snapshot(connection, lock_timeout: float) -> Snapshot:
    """Read the catalog in one read-only transaction.

    To read a view's definition, the server takes the weakest lock that there is. While somebody rebuilds the view or
    its tables, this waits for at most `lock_timeout` seconds.

    Raises:
        psycopg2.errors.LockNotAvailable: the wait was too short.

    """
    objects: Snapshot = {}
    with connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            cursor.execute(f"SET LOCAL lock_timeout = {round(lock_timeout * 1000)}; SET LOCAL lc_messages = 'C'")
            cursor.execute(PRINTING)
            for query in QUERIES:
                cursor.execute(query)
                for kind, identity, owner, facts in cursor.fetchall():
                    objects[kind, identity] = Object(owner, _tidy(facts))
        finally:
            if not connection.closed:
                cursor.execute("ROLLBACK")
    return objects


def to_list(objects: Snapshot) -> list[list]:
    """Return a snapshot in a form that JSON can hold."""
    return [[kind, identity, *found] for (kind, identity), found in objects.items()]


def from_list(objects: list[list]) -> Snapshot:
    """Return the snapshot from which `to_list`, maybe an earlier release's, has made this list."""
    return {(kind, identity): Object(owner, _tidy(facts)) for kind, identity, owner, facts in objects}


def _tidy(facts: dict[str, object]) -> dict[str, object]:
    """Return the facts that are not null."""
    return {name: value for name, value in facts.items() if value is not None}
