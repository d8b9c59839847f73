"""A throw-away database (shadow) on the same server, in which files are tried before the real one (live) gets them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from . import extensions, ledger
from .session import MAINTENANCE, Target, connect, psycopg2, sql, try_lock

PREFIX = "jarvis_shadow_"
# The connection limit marks a shadow from its first moment on. While it is 0, only superusers can connect.
LEFT_BEHIND = """
SELECT datname FROM pg_database WHERE datname ~ '^jarvis_shadow_[0-9a-f]{16}$' AND datconnlimit IN (0, 9)
"""
OPEN = """
REVOKE ALL ON DATABASE {name} FROM PUBLIC;
GRANT CONNECT ON DATABASE {name} TO {migrator};
ALTER DATABASE {name} CONNECTION LIMIT 9
"""
LOCALE = (
    "SELECT pg_encoding_to_char(encoding), datlocprovider, datcollate, datctype, daticulocale, daticurules "
    "FROM pg_database WHERE datname = %s"
)


@contextmanager
def shadow(target: Target) -> Iterator[object]:
    """Yield a session in a new, empty database with the locale and the owner of live.

    As long as the shadow exists, the session that made it holds a lock with its name. So a shadow whose lock is free
    was left behind by a run that was killed. The next run that makes a shadow removes it.
    """
    admin = connect(target, MAINTENANCE)
    try:
        extensions.check(admin, target)
        with admin.cursor() as cursor:
            _remove_left_behind(cursor)
            name = PREFIX + os.urandom(8).hex()
            try_lock(cursor, name)
            cursor.execute(LOCALE, (target.database,))
            cursor.execute(_create(name, target.owner, cursor.fetchone()))
            try:
                cursor.execute(
                    sql.SQL(OPEN).format(name=sql.Identifier(name), migrator=sql.Identifier(target.migrator))
                )
                connection = connect(target, name, durable=False)
                try:
                    with connection.cursor() as inner:
                        ledger.create(inner, target)
                    extensions.create(connection, target)
                    yield connection
                finally:
                    connection.close()
            finally:
                cursor.execute(_drop(name))
    finally:
        admin.close()


def _create(name: str, owner: str, locale):
    """Return the statement that makes the shadow.

    `locale` is live's, as the query LOCALE returns it. It is None as long as live does not exist; then the server's is
    used.
    """
    parts = [
        sql.SQL("CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 CONNECTION LIMIT 0").format(
            name=sql.Identifier(name), owner=sql.Identifier(owner)
        )
    ]
    if locale:
        encoding, provider, collate, ctype, icu_locale, icu_rules = locale
        settings = [("ENCODING", encoding), ("LC_COLLATE", collate), ("LC_CTYPE", ctype)]
        if provider == "i":
            settings += [("LOCALE_PROVIDER", "icu"), ("ICU_LOCALE", icu_locale)]
            settings += [("ICU_RULES", icu_rules)] if icu_rules else []
        for keyword, value in settings:
            parts.append(sql.SQL(f"{keyword} {{}}").format(sql.Literal(value)))
    return sql.SQL(" ").join(parts)


def _drop(name: str):
    return sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))


def _remove_left_behind(cursor) -> None:
    cursor.execute(LEFT_BEHIND)
    for (name,) in cursor.fetchall():
        if not try_lock(cursor, name):
            continue
        # If its session still lives for a moment, it stays, and the next run removes it.
        with suppress(psycopg2.errors.ObjectInUse):
            cursor.execute(_drop(name))
        cursor.execute("SELECT pg_advisory_unlock_all()")
