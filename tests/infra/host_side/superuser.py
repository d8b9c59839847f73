"""Ask PostgreSQL as its superuser, over the socket that root alone can reach. Runs on the host."""

from __future__ import annotations

import functools
import urllib.parse

FOLDER = "/var/lib/jarvis/postgres/run"
SECONDS = 20  # for a connection, and for a query


def rows(settings, query, *values):
    """Return {"value": the rows of a query in the clients' database} or {"error": why there are none}."""
    import psycopg2  # noqa: PLC0415, a host without PostgreSQL may lack it

    database = urllib.parse.unquote(urllib.parse.urlsplit(settings["DATABASE_URL"]).path[1:])
    try:
        with connection(psycopg2, database).cursor() as cursor:
            cursor.execute(query, values or None)
            return {"value": cursor.fetchall()}
    except psycopg2.Error as error:
        return {"error": f"jarvis-postgres refused a query: {' '.join(str(error).split())}"}


@functools.cache
def connection(psycopg2, database):
    """Return a connection to a database, the same at every call."""
    # The application may create functions and operators in public; a name without schema must not find one.
    options = f"-c search_path= -c statement_timeout={SECONDS}s"
    made = psycopg2.connect(host=FOLDER, user="postgres", dbname=database, connect_timeout=SECONDS, options=options)
    made.autocommit = True
    return made
