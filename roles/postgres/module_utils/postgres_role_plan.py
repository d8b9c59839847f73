"""Read the roles of a server, and make the statements that turn them into what is wanted."""

from __future__ import annotations

import re

from ansible.module_utils.postgres_scram import fits, verifier

try:
    import psycopg2
    from psycopg2 import sql
except ImportError:
    psycopg2 = sql = None

ROLES = """
SELECT rolname, rolpassword, rolconnlimit, rolvaliduntil IS NOT NULL AND rolvaliduntil <> 'infinity',
    pg_catalog.shobj_description(oid, 'pg_authid'),
    rolcanlogin, rolinherit, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls
FROM pg_catalog.pg_authid WHERE rolname = ANY (%s)
"""
TAKEN_AWAY = """
SELECT rolname FROM pg_catalog.pg_authid
WHERE pg_catalog.shobj_description(oid, 'pg_authid') = %s AND rolname <> ALL (%s) ORDER BY rolname
"""
# The definition of a role that is not wanted any more: the role stays, and may do nothing.
NO_RIGHTS = {"login": False, "password": None, "superuser": False, "inherit": True, "connection_limit": -1}
# Settings that a role, such as the application's, may have given itself for one database or for all.
SETTINGS = """
SELECT r.rolname, d.datname, s.setconfig
FROM pg_catalog.pg_db_role_setting AS s
JOIN pg_catalog.pg_authid AS r ON r.oid = s.setrole
LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
WHERE r.rolname = ANY (%s) ORDER BY d.datname
"""
MEMBERSHIPS = """
SELECT m.rolname, r.rolname, g.rolname, a.admin_option, a.inherit_option, a.set_option
FROM pg_catalog.pg_auth_members AS a
JOIN pg_catalog.pg_authid AS m ON m.oid = a.member
JOIN pg_catalog.pg_authid AS r ON r.oid = a.roleid
JOIN pg_catalog.pg_authid AS g ON g.oid = a.grantor
WHERE m.rolname = ANY (%s) ORDER BY r.rolname
"""
POWERS = ("SUPERUSER", "CREATEDB", "CREATEROLE", "REPLICATION", "BYPASSRLS")
NEW_ROLE = {
    "password": None,
    "connection_limit": -1,
    "expires": False,
    "comment": None,
    "LOGIN": False,
    "INHERIT": True,
}
NEW_ROLE |= dict.fromkeys(POWERS, False)
# Settings whose value is a list of names; the server stores each name quoted as an identifier.
LISTS = ("search_path", "local_preload_libraries", "session_preload_libraries", "temp_tablespaces")


def read(cursor, names):
    """Return (roles, settings, memberships) of the named roles, each by role."""
    cursor.execute(ROLES, [names])
    attributes = ("password", "connection_limit", "expires", "comment", "LOGIN", "INHERIT", *POWERS)
    roles = {name: dict(zip(attributes, values, strict=True)) for name, *values in cursor.fetchall()}
    settings, memberships = ({name: [] for name in names} for _ in range(2))
    cursor.execute(SETTINGS, [names])
    for role, database, config in cursor.fetchall():
        settings[role] += [(database, *entry.split("=", 1)) for entry in config]
    cursor.execute(MEMBERSHIPS, [names])
    for member, *membership in cursor.fetchall():
        memberships[member].append(tuple(membership))
    return roles, settings, memberships


def taken_away(cursor, comment, names):
    """Return definitions for the roles that have the comment of added roles but are not among C(names) any more."""
    cursor.execute(TAKEN_AWAY, [comment, names])
    nothing = {**NO_RIGHTS, "comment": comment, "settings": {}, "member_of": []}
    return [{"name": name, **nothing} for (name,) in cursor.fetchall()]


def plan(wanted, found, iterations):
    """Return (what changes, in words without secrets; statement) for each change, in the order of execution."""
    roles, settings, memberships = found
    steps = []
    for role in wanted:
        name, alter = role["name"], sql.SQL("ALTER ROLE {} ").format(sql.Identifier(role["name"]))
        if name not in roles:
            steps.append((name, "created", sql.SQL("CREATE ROLE {}").format(sql.Identifier(name))))
        changes = [
            *attribute_changes(role, roles.get(name, NEW_ROLE), iterations),
            *setting_changes(role, settings[name]),
        ]
        steps += [(name, words, alter + clause) for words, clause in changes]
        steps += [(name, words, statement) for words, statement in mark_changes(role, roles.get(name, NEW_ROLE))]
    # Memberships come last, when all roles exist.
    for role in wanted:
        for words, statement in membership_changes(role, memberships[role["name"]]):
            steps.append((role["name"], words, statement))
    return [(f"{name}: {words}", statement) for name, words, statement in steps]


def attribute_changes(role, found, iterations):
    """Yield (words, clause of ALTER ROLE) for each attribute that differs."""
    flags = {"LOGIN": role["login"], "INHERIT": role["inherit"], **dict.fromkeys(POWERS, role["superuser"])}
    for flag, value in flags.items():
        if found[flag] != value:
            word = flag if value else f"NO{flag}"
            yield word, sql.SQL(word)
    limit = role["connection_limit"]
    if found["connection_limit"] != limit:
        yield f"connection limit {limit}", sql.SQL("CONNECTION LIMIT {}").format(sql.Literal(limit))
    if found["expires"]:
        yield "no expiry", sql.SQL("VALID UNTIL 'infinity'")
    if role["password"] is None and found["password"] is not None:
        yield "no password", sql.SQL("PASSWORD NULL")
    elif role["password"] is not None and not fits(role["password"], iterations, found["password"]):
        yield "password", sql.SQL("PASSWORD {}").format(sql.Literal(verifier(role["password"], iterations)))


def mark_changes(role, found):
    """Yield (words, statement) for the comment that marks an added role, where it is missing."""
    if role["comment"] and found["comment"] != role["comment"]:
        comment = sql.SQL("COMMENT ON ROLE {} IS {}").format(sql.Identifier(role["name"]), sql.Literal(role["comment"]))
        yield "added", comment


def setting_changes(role, found):
    """Yield (words, clause of ALTER ROLE) for each setting that differs."""
    wanted = {name.lower(): (name, str(value)) for name, value in role["settings"].items()}
    kept = {}
    for database, name, value in found:
        if database is not None:
            clause = sql.SQL("IN DATABASE {} RESET {}").format(sql.Identifier(database), parameter(name))
            yield f"without setting {name} in database {database}", clause
        elif name.lower() not in wanted:
            yield f"without setting {name}", sql.SQL("RESET {}").format(parameter(name))
        else:
            kept[name.lower()] = elements(name, value)
    for key, (name, value) in wanted.items():
        if kept.get(key) != elements(name, value):
            values = sql.SQL(", ").join(map(sql.Literal, elements(name, value)))
            yield f"setting {name} = {value}", sql.SQL("SET {} TO {}").format(parameter(name), values)


def parameter(name):
    """Return the name of a setting, quoted; one of an extension has two parts."""
    return sql.Identifier(*name.split("."))


def elements(name, value):
    """Return the elements of a setting's value: the names if it is a list of names, else the value itself."""
    if name.lower() not in LISTS:
        return [value]
    return [
        name[1:-1].replace('""', '"') if name.startswith('"') else name
        for name in re.findall(r'"(?:[^"]|"")*"|[^\s,"]+', value)
    ] or [""]


def membership_changes(role, found):
    """Yield (words, statement) for each membership that is there but not wanted, and for each that is missing."""
    member = sql.Identifier(role["name"])
    wanted = {one["role"]: (False, one["inherit"], one["set"]) for one in role["member_of"]}
    kept = set()
    for name, grantor, *options in found:
        if wanted.get(name) == tuple(options):
            kept.add(name)
        else:
            yield (
                f"no member of {name} by {grantor}",
                sql.SQL("REVOKE {} FROM {} GRANTED BY {} CASCADE").format(
                    sql.Identifier(name), member, sql.Identifier(grantor)
                ),
            )
    for name in wanted.keys() - kept:
        _, inherit, set_role = wanted[name]
        yield (
            f"member of {name}",
            sql.SQL("GRANT {} TO {} WITH ADMIN FALSE, INHERIT {}, SET {}").format(
                sql.Identifier(name), member, sql.SQL(str(inherit)), sql.SQL(str(set_role))
            ),
        )
