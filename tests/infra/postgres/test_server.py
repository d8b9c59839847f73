"""The server is PostgreSQL 16, set up so that it loses nothing and admits nobody by mistake."""

from __future__ import annotations

import pytest


def test_is_postgresql_16(admin_sql):
    assert int(admin_sql("SHOW server_version_num")[0][0]) // 10000 == 16


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("password_encryption", "scram-sha-256"),
        ("TimeZone", "UTC"),
    ],
)
def test_setting_protects_the_data(admin_sql, name, value):
    assert admin_sql(f'SHOW "{name}"') == [[value]]


def test_every_setting_of_the_files_is_in_force(admin_sql):
    assert admin_sql("SELECT name FROM pg_settings WHERE pending_restart") == []
    assert admin_sql("SELECT name, error FROM pg_file_settings WHERE error IS NOT NULL") == []


def test_text_is_collated_by_c_so_that_no_base_image_can_break_an_index(admin_sql, database):
    assert admin_sql(
        f"SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = '{database}'"
    ) == [["UTF8", "C", "C.UTF-8"]]


def test_roles_have_no_more_rights_than_they_need(admin_sql):
    assert admin_sql(
        "SELECT rolname, rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls,"
        " rolconnlimit > 0 FROM pg_roles WHERE rolname LIKE 'jarvis%' ORDER BY 1"
    ) == [
        ["jarvis", "t", "f", "t"],
        ["jarvis_migrator", "t", "f", "f"],
        ["jarvis_owner", "f", "f", "f"],
        ["jarvis_readonly", "t", "f", "t"],
    ]


def test_who_logs_in_for_migrations_can_become_the_owner_and_has_no_other_right(admin_sql):
    assert admin_sql(
        "SELECT a.roleid::regrole, a.admin_option, a.inherit_option, a.set_option, m.rolpassword IS NULL"
        " FROM pg_auth_members AS a JOIN pg_authid AS m ON m.oid = a.member WHERE m.rolname = 'jarvis_migrator'"
    ) == [["jarvis_owner", "f", "f", "t", "t"]]


@pytest.mark.parametrize("role", ["postgres", "jarvis_owner", "jarvis_migrator"])
def test_session_looks_for_no_name_where_the_application_may_create(admin_sql, role):
    assert admin_sql(
        "SELECT c FROM pg_db_role_setting AS s JOIN pg_roles AS r ON r.oid = s.setrole, unnest(s.setconfig) AS c"
        f" WHERE r.rolname = '{role}' AND c LIKE 'search_path=%'"
    ) == [['"search_path="""""']]


def test_clients_find_extensions_last_and_create_nothing_among_them(admin_sql):
    assert admin_sql(
        "SELECT rolname, bool_or(c ~ '^search_path=.*, public, extensions$') FROM pg_roles, unnest(rolconfig) AS c"
        " WHERE rolname IN ('jarvis', 'jarvis_readonly') GROUP BY 1 ORDER BY 1"
    ) == [["jarvis", "t"], ["jarvis_readonly", "t"]]
    assert (
        admin_sql(
            "SELECT rolname FROM pg_roles, pg_namespace WHERE nspname = 'extensions' AND rolname LIKE 'jarvis%'"
            " AND has_schema_privilege(pg_roles.oid, pg_namespace.oid, 'CREATE')"
        )
        == []
    )


def test_passwords_are_kept_as_scram_verifiers_alone(admin_sql):
    assert admin_sql("SELECT rolname FROM pg_authid WHERE rolpassword NOT LIKE 'SCRAM-SHA-256$%'") == []


@pytest.mark.parametrize("role", ["jarvis", "jarvis_readonly"])
def test_session_is_in_utc_and_has_its_limits(admin_sql, role):
    names = "TimeZone|idle_in_transaction_session_timeout|statement_timeout|temp_file_limit"
    assert admin_sql(
        f"SELECT split_part(c, '=', 1), split_part(c, '=', 2) ~ '^(UTC|[0-9]+(s|min|MB|GB))$'"
        f" FROM pg_roles, unnest(rolconfig) AS c WHERE rolname = '{role}' AND c ~ '^({names})=' ORDER BY 1"
    ) == [
        ["TimeZone", "t"],
        ["idle_in_transaction_session_timeout", "t"],
        ["statement_timeout", "t"],
        ["temp_file_limit", "t"],
    ]


def test_database_belongs_to_the_owner_role_and_is_closed_to_strangers(admin_sql, database):
    assert admin_sql(
        f"SELECT pg_get_userbyid(datdba), has_database_privilege('public', oid, 'CONNECT')"
        f" FROM pg_database WHERE datname = '{database}'"
    ) == [["jarvis_owner", "f"]]


def first_answer(settings, user):
    """Return the server's first word to a user, in the protocol's terms, before any password is sent."""
    import socket
    import ssl
    import struct
    from urllib.parse import urlsplit

    url = urlsplit(settings["DATABASE_URL"])
    hello = b"".join(word.encode() + b"\0" for word in ("user", user, "database", url.path[1:], ""))
    # https://www.postgresql.org/docs/16/protocol-message-formats.html: SSLRequest, StartupMessage
    connection = socket.create_connection((url.hostname, url.port), 5)
    connection.sendall(bytes.fromhex("0000000804d2162f"))
    if connection.recv(1) == b"S":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = context.wrap_socket(connection)
    with connection, connection.makefile("rb") as answer:
        connection.sendall(struct.pack("!II", len(hello) + 8, 196608) + hello)
        kind, length = struct.unpack("!cI", answer.read(5))
        body = answer.read(length - 4)
    return [kind.decode(), body.decode("ascii", "replace")]


@pytest.mark.parametrize("user", ["jarvis", "jarvis_readonly"])
def test_client_is_asked_for_its_password_by_scram(on_host, user):
    # AuthenticationSASL. Whoever then leaves writes nothing into the server's log.
    kind, body = on_host(first_answer, user)
    assert (kind, body[:4], "SCRAM-SHA-256" in body) == ("R", "\0\0\0\n", True)


def test_superuser_is_rejected_over_the_network(on_host):
    kind, body = on_host(first_answer, "postgres")
    assert (kind, "pg_hba.conf rejects connection" in body) == ("E", True)


def test_every_client_logs_in_as_itself_with_its_own_address(on_host, accounts):
    def who(settings, variables):
        import psycopg2

        found = {}
        for variable in variables:
            try:
                connection = psycopg2.connect(settings[variable])
            except psycopg2.OperationalError as error:
                # Its own clients may hold all that it may have; its password was taken before that is looked at.
                if "too many connections for role" not in str(error):
                    raise
                found[variable] = True
                continue
            with connection, connection.cursor() as cursor:
                cursor.execute(
                    "SELECT current_user = %s AND NOT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user",
                    [variables[variable]],
                )
                found[variable] = cursor.fetchone()[0]
            connection.close()
        return found

    names = {variable: name for name, variable in accounts["postgres"].items()}
    assert on_host(who, names) == dict.fromkeys(names, True)


def test_nobody_else_is_admitted_over_the_network(admin_sql, database, accounts):
    # Whoever is tried and refused fills the server's log, so the others are looked up in its rules.
    admitted = admin_sql(
        "SELECT DISTINCT d, u, auth_method FROM pg_hba_file_rules, unnest(database) AS d, unnest(user_name) AS u"
        " WHERE type LIKE 'host%' AND auth_method <> 'reject' ORDER BY 2"
    )
    assert admitted == [[database, name, "scram-sha-256"] for name in sorted(accounts["postgres"])]


def test_connection_without_encryption_is_refused_where_the_address_asks_for_it(on_host):
    def plain(settings):
        from urllib.parse import urlsplit

        import psycopg2

        parts = urlsplit(settings["DATABASE_URL"])
        try:
            psycopg2.connect(parts._replace(query="sslmode=disable").geturl())
        except psycopg2.OperationalError as error:
            return [parts.query[:19], "no encryption" in str(error)]
        return [parts.query[:19], "accepted"]

    assert on_host(plain) in (["sslmode=verify-full", True], ["", "accepted"])
