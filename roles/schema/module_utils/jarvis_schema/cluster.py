"""Compare what the server says about our roles and our database with what we promise about them."""

from collections.abc import Sequence

from .catalog import Object, Snapshot
from .session import Target

ROLES = """
SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolcanlogin, rolinherit,
    rolconnlimit, nullif(rolvaliduntil, 'infinity')::text
FROM pg_roles WHERE rolname = ANY (%(roles)s)
"""
MEMBERSHIPS = """
SELECT m.member::regrole::text, m.roleid::regrole::text, m.admin_option, m.inherit_option, m.set_option
FROM pg_auth_members AS m
JOIN pg_roles AS a ON a.oid = m.member
JOIN pg_roles AS b ON b.oid = m.roleid
WHERE a.rolname = ANY (%(roles)s) OR b.rolname = ANY (%(roles)s)
"""
# From the weakest to the strongest.
SETTINGS = """
SELECT r.rolname, d.datname, split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
FROM pg_db_role_setting AS s
CROSS JOIN unnest(s.setconfig) AS c
LEFT JOIN pg_roles AS r ON r.oid = s.setrole
LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
WHERE (s.setrole = 0 OR r.rolname = ANY (%(roles)s) OR r.rolname = %(administrator)s)
    AND (s.setdatabase = 0 OR d.datname = %(database)s)
ORDER BY s.setrole <> 0, s.setdatabase <> 0
"""
PARAMETERS = """
SELECT p.parname, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, a.privilege_type
FROM pg_parameter_acl AS p, aclexplode(p.paracl) AS a
WHERE a.grantee = 0 OR a.grantee IN (SELECT oid FROM pg_roles WHERE rolname = ANY (%(roles)s))
"""
DATABASE = """
SELECT d.datdba::regrole::text,
    (SELECT string_agg(privilege_type, ',' ORDER BY privilege_type)
     FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) WHERE grantee = 0),
    (SELECT string_agg(rolname, ',' ORDER BY rolname) FROM pg_roles
     WHERE rolname = ANY (%(roles)s) AND rolname <> %(owner)s
         AND has_database_privilege(pg_roles.oid, d.oid, 'CREATE')),
    d.datallowconn,
    (SELECT string_agg(rolname, ',' ORDER BY rolname) FROM pg_roles
     WHERE rolname = ANY (%(clients)s) AND has_database_privilege(pg_roles.oid, d.oid, 'CONNECT'))
FROM pg_database AS d WHERE d.datname = %(database)s
"""
# Settings that ALTER SYSTEM has left behind. They override the files that we write.
SYSTEM_SETTINGS = """
SELECT name, setting FROM pg_file_settings
WHERE sourcefile = current_setting('data_directory') || '/postgresql.auto.conf'
"""
# Roles that were client roles once still exist, and may own objects.
ADDED = "SELECT rolname FROM pg_roles WHERE shobj_description(oid, 'pg_authid') = %s"
POWERS = ("superuser", "create_role", "create_db", "replication", "bypass_rls")


def added_roles(cursor, comment: str) -> list[str]:
    """Return the roles that have the comment with which client roles are marked when they are made."""
    cursor.execute(ADDED, (comment,))
    return [name for (name,) in cursor.fetchall()]


def promised_and_actual(
    cursor,
    target: Target,
    application_roles: Sequence[str],
    reader_roles: Sequence[str],
    *,
    client_roles: dict[str, list[str]],
    creators: Sequence[str],
    settings: dict[str, str],
    role_settings: dict[str, dict[str, str]],
    connection_limits: dict[str, int],
) -> tuple[Snapshot, Snapshot]:
    """Return what we promise and what there is, both as snapshots.

    `client_roles` are further roles, each with the roles of ours whose rights it has. `creators` may make objects.
    `settings` are the values that our roles and the database may have. They must have TimeZone, and each role its own
    `role_settings`. A role that is not in `connection_limits` has no limit.
    """
    roles = [target.owner, target.migrator, *application_roles, *reader_roles, *client_roles]
    clients = sorted(set(roles) - {target.owner})
    values = {
        "roles": roles,
        "clients": clients,
        "database": target.database,
        "owner": target.owner,
        "administrator": target.user,
    }
    promised: Snapshot = {}
    actual: Snapshot = {}

    def note(snapshot: Snapshot, kind: str, identity: str, **facts: object) -> None:
        snapshot[kind, identity] = Object(None, facts)

    login = {target.owner: False, target.migrator: True, **dict.fromkeys([*application_roles, *client_roles], True)}
    for role in roles:
        told = {"login": login[role]} if role in login else {}
        limit = int(connection_limits.get(role, -1))
        lasting = {"inherit": role != target.migrator, "connection_limit": limit, "valid_until": None}
        note(promised, "role", role, **dict.fromkeys(POWERS, False), **lasting, **told)
    cursor.execute(ROLES, values)
    for role, *powers, can_login, inherit, limit, until in cursor.fetchall():
        told = {"login": can_login} if role in login else {}
        lasting = {"inherit": inherit, "connection_limit": limit, "valid_until": until}
        note(actual, "role", role, **dict(zip(POWERS, powers, strict=True)), **lasting, **told)

    note(promised, "membership", f"{target.migrator} in {target.owner}", admin=False, inherit=False, set=True)
    for member, of in client_roles.items():
        for role in of:
            note(promised, "membership", f"{member} in {role}", admin=False, inherit=True, set=False)
    cursor.execute(MEMBERSHIPS, values)
    for member, role, admin, inherit, set_role in cursor.fetchall():
        note(actual, "membership", f"{member} in {role}", admin=admin, inherit=inherit, set=set_role)

    cursor.execute(SETTINGS, values)
    promised_settings, actual_settings = _settings(cursor.fetchall(), roles, settings, role_settings)
    promised.update(promised_settings)
    actual.update(actual_settings)

    cursor.execute(PARAMETERS, values)
    for parameter, grantee, privilege in cursor.fetchall():
        note(actual, "parameter privilege", f"{privilege} {parameter} to {grantee}", granted=True)

    cursor.execute(SYSTEM_SETTINGS)
    for name, value in cursor.fetchall():
        note(actual, "server setting", f"{name} of ALTER SYSTEM", value=value)

    names = ("owner", "public", "creators", "connections", "clients")
    makers = ",".join(sorted(creators)) or None
    here = (target.owner, None, makers, True, ",".join(clients) or None)
    note(promised, "database", target.database, **dict(zip(names, here, strict=True)))
    cursor.execute(DATABASE, values)
    for there in cursor.fetchall():
        note(actual, "database", target.database, **dict(zip(names, there, strict=True)))
    return promised, actual


def _settings(
    found: Sequence[tuple], roles: list[str], settings: dict[str, str], role_settings: dict[str, dict[str, str]]
) -> tuple[Snapshot, Snapshot]:
    """Return the settings that every role must get, and those that it does get, with any that are not allowed."""
    allowed = {name.lower(): str(value) for name, value in settings.items()}
    everywhere = {name: value for name, value in allowed.items() if name == "timezone"}
    promised = {
        ("setting", f"{name.lower()} of {role}"): Object(None, {"value": str(value)})
        for role in {**dict.fromkeys(roles), **role_settings}
        for name, value in {**(everywhere if role in roles else {}), **role_settings.get(role, {})}.items()
    }
    actual = dict.fromkeys(promised, Object(None, {}))
    for role, database, name, value in found:
        fact = Object(None, {"value": value})
        identities = {("setting", f"{name.lower()} of {one}") for one in ([role] if role else roles)}
        actual.update(dict.fromkeys(identities & promised.keys(), fact))
        # A setting for all roles is reported even if our roles have a value of their own.
        if (role is None or not identities <= promised.keys()) and allowed.get(name.lower()) != value:
            where = " ".join(filter(None, (role or "every role", database and f"in {database}")))
            actual["setting", f"{name} of {where}"] = fact
    return promised, actual
