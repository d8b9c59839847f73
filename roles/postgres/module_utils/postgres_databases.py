"""What a server says about its databases, and which of the wanted privileges a database lacks."""

from __future__ import annotations

import itertools

DATABASES = """
SELECT datname, pg_catalog.pg_get_userbyid(datdba), pg_catalog.pg_encoding_to_char(encoding), datcollate, datctype
FROM pg_catalog.pg_database WHERE NOT datistemplate ORDER BY datname
"""
# A database whose privileges were never changed lists none. Its owner's are left out, since they go to the next owner.
PRIVILEGES = """
SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.pg_get_userbyid(a.grantee) END, a.privilege_type
FROM pg_catalog.pg_database AS d
CROSS JOIN pg_catalog.aclexplode(d.datacl) AS a
WHERE d.datname = %s AND a.grantee <> d.datdba
"""


def read_databases(connection):
    """Return owner, encoding and locale of the server's databases that are no templates, by name."""
    with connection.cursor() as cursor:
        cursor.execute(DATABASES)
        attributes = ("owner", "encoding", "lc_collate", "lc_ctype")
        return {name: dict(zip(attributes, values, strict=True)) for name, *values in cursor.fetchall()}


def privileges_due(connection, database, wanted):
    """Return for each entry of C(wanted), in order, whether it is still to be granted or revoked in a database."""
    with connection.cursor() as cursor:
        cursor.execute(PRIVILEGES, [database])
        held = set(cursor.fetchall())
    due = []
    for entry in wanted:
        named = set(itertools.product(entry["roles"], entry["privileges"]))
        differing = named & held if entry["state"] == "absent" else named - held
        due.append(bool(differing) or not held)
    return due
