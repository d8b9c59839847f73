"""Changes that somebody may make by hand to the whole server, and how a verification has to report each."""

from __future__ import annotations

# Statements that act on the whole server, with others that undo them. {database} is the verified database.
SERVER_MUTATIONS: list[tuple[str, str, str]] = [
    ("ALTER ROLE jarvis SUPERUSER", "ALTER ROLE jarvis NOSUPERUSER", "role jarvis: superuser is yes, should be no"),
    ("ALTER ROLE jarvis BYPASSRLS", "ALTER ROLE jarvis NOBYPASSRLS", "role jarvis: bypass_rls is yes, should be no"),
    ("ALTER ROLE jarvis CREATEROLE", "ALTER ROLE jarvis NOCREATEROLE", "role jarvis: create_role is yes, should be no"),
    (
        "ALTER ROLE jarvis_readonly CREATEDB",
        "ALTER ROLE jarvis_readonly NOCREATEDB",
        "role jarvis_readonly: create_db is yes, should be no",
    ),
    (
        "ALTER ROLE jarvis REPLICATION",
        "ALTER ROLE jarvis NOREPLICATION",
        "role jarvis: replication is yes, should be no",
    ),
    (
        "ALTER ROLE jarvis_owner LOGIN",
        "ALTER ROLE jarvis_owner NOLOGIN",
        "role jarvis_owner: login is yes, should be no",
    ),
    (
        "GRANT jarvis_owner TO jarvis",
        "REVOKE jarvis_owner FROM jarvis",
        "membership jarvis in jarvis_owner should not be there",
    ),
    (
        "GRANT pg_write_all_data TO jarvis",
        "REVOKE pg_write_all_data FROM jarvis",
        "membership jarvis in pg_write_all_data should not be there",
    ),
    (
        "ALTER ROLE jarvis SET timezone = 'Europe/Berlin'",
        "ALTER ROLE jarvis SET timezone = 'UTC'",
        "setting timezone of jarvis: value is Europe/Berlin, should be UTC",
    ),
    (
        "ALTER ROLE jarvis RESET timezone",
        "ALTER ROLE jarvis SET timezone = 'UTC'",
        "setting timezone of jarvis: value is not set, should be UTC",
    ),
    (
        "ALTER DATABASE {database} SET search_path = 'odd'",
        "ALTER DATABASE {database} RESET search_path",
        "setting search_path of every role in {database} should not be there",
    ),
    (
        "ALTER ROLE jarvis IN DATABASE {database} SET timezone = 'Asia/Tokyo'",
        "ALTER ROLE jarvis IN DATABASE {database} RESET timezone",
        "setting timezone of jarvis: value is Asia/Tokyo, should be UTC",
    ),
    (
        "ALTER ROLE jarvis SET session_replication_role = 'replica'",
        "ALTER ROLE jarvis RESET session_replication_role",
        "setting session_replication_role of jarvis should not be there",
    ),
    (
        "GRANT SET ON PARAMETER session_replication_role TO jarvis",
        "REVOKE SET ON PARAMETER session_replication_role FROM jarvis",
        "parameter privilege SET session_replication_role to jarvis should not be there",
    ),
    (
        "GRANT CONNECT ON DATABASE {database} TO PUBLIC",
        "REVOKE CONNECT ON DATABASE {database} FROM PUBLIC",
        "database {database}: public is CONNECT",
    ),
    (
        "GRANT CREATE ON DATABASE {database} TO jarvis_readonly",
        "REVOKE CREATE ON DATABASE {database} FROM jarvis_readonly",
        "database {database}: creators is jarvis,jarvis_readonly, should be jarvis",
    ),
    (
        "REVOKE CREATE ON DATABASE {database} FROM jarvis",
        "GRANT CREATE ON DATABASE {database} TO jarvis",
        "database {database}: creators is not set, should be jarvis",
    ),
    (
        "ALTER DATABASE {database} SET timezone = 'Asia/Tokyo'",
        "ALTER DATABASE {database} RESET timezone",
        "setting TimeZone of every role in {database} should not be there",
    ),
    (
        "ALTER ROLE ALL SET timezone = 'Asia/Tokyo'",
        "ALTER ROLE ALL RESET timezone",
        "setting TimeZone of every role should not be there",
    ),
    (
        "ALTER ROLE ALL SET work_mem = '1GB'",
        "ALTER ROLE ALL RESET work_mem",
        "setting work_mem of every role should not be there",
    ),
    (
        "REVOKE CONNECT ON DATABASE {database} FROM jarvis",
        "GRANT CONNECT ON DATABASE {database} TO jarvis",
        "database {database}: clients is jarvis_migrator,jarvis_readonly, should be jarvis,",
    ),
    (
        "ALTER ROLE jarvis CONNECTION LIMIT 3",
        "ALTER ROLE jarvis CONNECTION LIMIT -1",
        "role jarvis: connection_limit is 3, should be -1",
    ),
    (
        "ALTER ROLE jarvis VALID UNTIL '2030-01-01 00:00+00'",
        "ALTER ROLE jarvis VALID UNTIL 'infinity'",
        "role jarvis: valid_until is 2030-01-01",
    ),
    (
        "ALTER ROLE jarvis_readonly NOINHERIT",
        "ALTER ROLE jarvis_readonly INHERIT",
        "role jarvis_readonly: inherit is no, should be yes",
    ),
    (
        "ALTER SYSTEM SET work_mem = '8MB'",
        "ALTER SYSTEM RESET work_mem",
        "server setting work_mem of ALTER SYSTEM should not be there",
    ),
    (
        "ALTER DATABASE {database} OWNER TO jarvis",
        "ALTER DATABASE {database} OWNER TO jarvis_owner;"
        "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {database} TO jarvis",
        "database {database}: owner is jarvis, should be jarvis_owner",
    ),
]
