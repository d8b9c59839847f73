"""The server is PostgreSQL 16, set up so that it loses nothing and admits nobody by mistake."""

from __future__ import annotations

import re

import pytest
from questions import client, superuser

settings_of_the_server = superuser("SELECT name, setting FROM pg_settings")
pending_settings = superuser("SELECT name FROM pg_settings WHERE pending_restart")
file_errors = superuser("SELECT name, error FROM pg_file_settings WHERE error IS NOT NULL")
this_database = superuser(
    "SELECT pg_encoding_to_char(encoding), datcollate, datctype, pg_get_userbyid(datdba),"
    " has_database_privilege('public', oid, 'CONNECT') FROM pg_database WHERE datname = current_database()"
)
roles = superuser(
    "SELECT rolname, rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls,"
    " rolconnlimit > 0 FROM pg_roles WHERE rolname LIKE 'jarvis%' ORDER BY 1"
)
memberships_of_the_migrator = superuser(
    "SELECT a.roleid::regrole::text, a.admin_option, a.inherit_option, a.set_option, m.rolpassword IS NULL"
    " FROM pg_auth_members AS a JOIN pg_authid AS m ON m.oid = a.member WHERE m.rolname = 'jarvis_migrator'"
)
# Of roles, wherever they log in.
settings_of_roles = superuser(
    "SELECT r.rolname, split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)"
    " FROM pg_db_role_setting AS s JOIN pg_roles AS r ON r.oid = s.setrole, unnest(s.setconfig) AS c"
    " WHERE s.setdatabase = 0"
)
creators_among_extensions = superuser(
    "SELECT rolname FROM pg_roles, pg_namespace WHERE nspname = 'extensions' AND rolname LIKE 'jarvis%'"
    " AND has_schema_privilege(pg_roles.oid, pg_namespace.oid, 'CREATE')"
)
passwords_of_another_kind = superuser("SELECT rolname FROM pg_authid WHERE rolpassword NOT LIKE 'SCRAM-SHA-256$%'")
# Whoever is tried and refused fills the server's log, so that others are looked up in its rules.
admitted_over_the_network = superuser(
    "SELECT DISTINCT current_database() = d, u, auth_method"
    " FROM pg_hba_file_rules, unnest(database) AS d, unnest(user_name) AS u"
    " WHERE type LIKE 'host%' AND auth_method <> 'reject' ORDER BY 2"
)


@pytest.fixture(scope="module")
def role_settings(settings_of_roles):
    """Return {(role, setting): value}."""
    return {(role, name): value for role, name, value in settings_of_roles}


def test_is_postgresql_16(settings_of_the_server):
    assert int(dict(settings_of_the_server)["server_version_num"]) // 10000 == 16


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
def test_setting_protects_the_data(settings_of_the_server, name, value):
    assert dict(settings_of_the_server)[name] == value


def test_every_setting_of_the_files_is_in_force(pending_settings, file_errors):
    assert pending_settings == []
    assert file_errors == []


def test_text_is_collated_by_c_so_that_no_base_image_can_break_an_index(this_database):
    assert this_database[0][:3] == ["UTF8", "C", "C.UTF-8"]


def test_roles_have_no_more_rights_than_they_need(roles):
    assert roles == [
        ["jarvis", True, False, True],
        ["jarvis_migrator", True, False, False],
        ["jarvis_owner", False, False, False],
        ["jarvis_readonly", True, False, True],
    ]


def test_who_logs_in_for_migrations_can_become_the_owner_and_has_no_other_right(memberships_of_the_migrator):
    assert memberships_of_the_migrator == [["jarvis_owner", False, False, True, True]]


@pytest.mark.parametrize("role", ["postgres", "jarvis_owner", "jarvis_migrator"])
def test_session_looks_for_no_name_where_the_application_may_create(role_settings, role):
    assert role_settings[role, "search_path"] == '""'


def test_clients_find_extensions_last_and_create_nothing_among_them(role_settings, creators_among_extensions):
    for role in ("jarvis", "jarvis_readonly"):
        assert role_settings[role, "search_path"].endswith(", public, extensions")
    assert creators_among_extensions == []


def test_passwords_are_kept_as_scram_verifiers_alone(passwords_of_another_kind):
    assert passwords_of_another_kind == []


@pytest.mark.parametrize("role", ["jarvis", "jarvis_readonly"])
def test_session_is_in_utc_and_has_its_limits(role_settings, role):
    assert role_settings[role, "TimeZone"] == "UTC"
    for limit in ("idle_in_transaction_session_timeout", "statement_timeout", "temp_file_limit"):
        assert re.fullmatch("[0-9]+(s|min|MB|GB)", role_settings[role, limit])


def test_database_belongs_to_the_owner_role_and_is_closed_to_strangers(this_database):
    assert this_database[0][3:] == ["jarvis_owner", False]


def first_answers(settings, users):
    """Return the server's first word to each user, in the protocol's terms, before any password is sent."""
    import socket
    import ssl
    import struct
    from urllib.parse import urlsplit

    url = urlsplit(settings["DATABASE_URL"])
    found = {}
    for user in users:
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
        found[user] = [kind.decode(), body.decode("ascii", "replace")]
    return found


first_words = client(first_answers, ["jarvis", "jarvis_readonly", "postgres"])


@pytest.mark.parametrize("user", ["jarvis", "jarvis_readonly"])
def test_client_is_asked_for_its_password_by_scram(first_words, user):
    # AuthenticationSASL. Whoever then leaves writes nothing into the server's log.
    kind, body = first_words[user]
    assert (kind, body[:4], "SCRAM-SHA-256" in body) == ("R", "\0\0\0\n", True)


def test_superuser_is_rejected_over_the_network(first_words):
    kind, body = first_words["postgres"]
    assert (kind, "pg_hba.conf rejects connection" in body) == ("E", True)


@client
def logged_in(settings):
    from urllib.parse import unquote, urlsplit

    import psycopg2

    found = {}
    for variable, address in settings.items():
        try:
            connection = psycopg2.connect(address)
        except psycopg2.OperationalError as error:
            # Its own clients may hold all that it may have; its password was taken before that is looked at.
            if "too many connections for role" not in str(error):
                raise
            found[variable] = [unquote(urlsplit(address).username), False]
            continue
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT rolname, rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user")
            found[variable] = cursor.fetchone()
        connection.close()
    return found


def test_every_client_logs_in_as_itself_with_its_own_address(logged_in, accounts):
    assert logged_in == {variable: [name, False] for name, variable in accounts["postgres"].items()}


def test_nobody_else_is_admitted_over_the_network(admitted_over_the_network, accounts):
    assert admitted_over_the_network == [[True, name, "scram-sha-256"] for name in sorted(accounts["postgres"])]


@client
def without_encryption(settings):
    from urllib.parse import urlsplit

    import psycopg2

    parts = urlsplit(settings["DATABASE_URL"])
    try:
        psycopg2.connect(parts._replace(query="sslmode=disable").geturl())
    except psycopg2.OperationalError as error:
        return [parts.query[:19], "no encryption" in str(error)]
    return [parts.query[:19], "accepted"]


def test_connection_without_encryption_is_refused_where_the_address_asks_for_it(without_encryption):
    assert without_encryption in (["sslmode=verify-full", True], ["", "accepted"])
