"""What a running PostgreSQL says about its data, settings, files in force, roles, databases, ledger and catalog."""

from __future__ import annotations

from contextlib import closing

from ansible.module_utils.jarvis_schema import catalog, session
from ansible.module_utils.jarvis_schema.shadowing import shadowing

CLUSTER = "SELECT system_identifier::text, pg_is_in_recovery() FROM pg_control_system()"
SETTINGS = (
    "SELECT name, concat_ws(' ', setting, unit, CASE WHEN pending_restart THEN '(restart due)' END) FROM pg_settings"
)
# For each query: what its rows are, and how many of the first columns make a row's name. The rest is recorded as a
# digest.
QUESTIONS = {
    "setting in a file": (
        2,
        "SELECT sourcefile, name, sourceline, setting, applied, error FROM pg_file_settings",
    ),
    "line of pg_hba.conf": (1, "SELECT * FROM pg_hba_file_rules"),
    "line of pg_ident.conf": (1, "SELECT * FROM pg_ident_file_mappings"),
    "role": (1, "SELECT rolname, to_jsonb(a) - 'oid' - 'rolname' - 'rolpassword' FROM pg_authid AS a"),
    "password of role": (1, "SELECT rolname, rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL"),
    "comment of role": (
        1,
        "SELECT r.rolname, d.description FROM pg_shdescription AS d JOIN pg_roles AS r ON r.oid = d.objoid"
        " WHERE d.classoid = 'pg_authid'::regclass",
    ),
    "membership": (
        2,
        "SELECT member::regrole, roleid::regrole, grantor::regrole, admin_option, inherit_option, set_option"
        " FROM pg_auth_members",
    ),
    "settings of": (
        2,
        "SELECT CASE setrole WHEN 0 THEN 'every role' ELSE setrole::regrole::text END,"
        " coalesce((SELECT datname FROM pg_database AS d WHERE d.oid = setdatabase), 'every database'), setconfig"
        " FROM pg_db_role_setting",
    ),
    "database": (
        1,
        "SELECT datname, datdba::regrole, datacl, datconnlimit, datallowconn, datistemplate,"
        " encoding, datcollate, datctype FROM pg_database",
    ),
    "privilege on parameter": (1, "SELECT parname, paracl FROM pg_parameter_acl"),
    "tablespace": (1, "SELECT spcname, pg_tablespace_location(oid), spcacl, spcoptions FROM pg_tablespace"),
}
LEDGER = "SELECT version, to_jsonb(m) FROM jarvis_meta.migrations AS m"


def observe(facts, name, socket_folder, database, application_roles):
    """Note a server, but not what C(application_roles) own in the database. Raises psycopg2.Error."""
    target = session.Target(database, "", "", socket_folder, 5432, "postgres", 0, 5, 0)
    with closing(session.connect(target, database)) as connection, connection.cursor() as cursor:
        observe_server(facts, f"{name}: ", cursor)
        objects = catalog.snapshot(connection, target.lock_timeout)
        for (kind, identity), found in objects.items():
            if found.owner not in application_roles:
                facts.note_secret(f"{kind} {identity}", definition=catalog.to_list({(kind, identity): found}))
        if ("table", "jarvis_meta.migrations") in objects:
            cursor.execute(LEDGER)
            for version, row in cursor.fetchall():
                facts.note_secret(f"applied file {version}", row=row)
        for warning in shadowing(cursor, application_roles):
            facts.note("names of PostgreSQL's own", taken=warning)


def observe_server(facts, prefix, cursor):
    """Note what belongs to the server as a whole, not to one database."""
    cursor.execute(CLUSTER)
    identifier, in_recovery = cursor.fetchone()
    facts.note(f"{prefix}data", identifier=identifier, in_recovery=in_recovery)
    cursor.execute(SETTINGS)
    for setting, value in cursor.fetchall():
        facts.note(f"{prefix}setting {setting}", value=value)
    for what, (names, question) in QUESTIONS.items():
        cursor.execute(question)
        for row in cursor.fetchall():
            subject = " ".join(map(str, row[:names]))
            facts.note_secret(f"{prefix}{what} {subject}", **{"definition": row[names:]})
