"""Roles become exactly what is wanted, whatever they were before or gave themselves, and stay so."""

from __future__ import annotations

import psycopg2
import pytest

JARVIS = {
    "name": "jarvis",
    "login": True,
    "password": "right",
    "connection_limit": 5,
    "settings": {"TimeZone": "UTC", "statement_timeout": "300s", "search_path": '"$user", public, extensions'},
}
OWNER = {"name": "jarvis_owner", "settings": {"TimeZone": "UTC", "search_path": '""'}}


@pytest.fixture(autouse=True)
def clean(server):
    for name in ("jarvis", "jarvis_owner", "newcomer"):
        server.execute(f"DO $$ BEGIN CREATE ROLE {name}; EXCEPTION WHEN duplicate_object THEN END $$")
        server.execute(f"ALTER ROLE {name} NOLOGIN INHERIT PASSWORD NULL CONNECTION LIMIT -1 VALID UNTIL 'infinity'")
        server.execute(f"ALTER ROLE {name} RESET ALL")
    server.execute("REVOKE jarvis_owner FROM newcomer")
    server.execute("DROP ROLE newcomer")


def test_new_roles_get_all_that_is_wanted_and_a_second_run_changes_nothing(server, converge, log_in):
    newcomer = {
        "name": "newcomer",
        "login": True,
        "password": "first",
        "inherit": False,
        "connection_limit": 2,
        "settings": {"statement_timeout": "7s"},
        "member_of": [{"role": "jarvis_owner", "inherit": False}],
    }
    assert converge(newcomer) == [
        "newcomer: created",
        "newcomer: LOGIN",
        "newcomer: NOINHERIT",
        "newcomer: connection limit 2",
        "newcomer: password",
        "newcomer: setting statement_timeout = 7s",
        "newcomer: member of jarvis_owner",
    ]
    assert converge(newcomer) == []
    cursor = log_in("newcomer", "first").cursor()
    cursor.execute("SHOW statement_timeout")
    assert cursor.fetchone() == ("7s",)
    cursor.execute("SET ROLE jarvis_owner")
    assert server.execute(
        "SELECT admin_option, inherit_option, set_option FROM pg_auth_members WHERE member = 'newcomer'::regrole"
    ) == [(False, False, True)]


def test_preview_names_the_changes_and_makes_none(server, converge):
    named = converge(JARVIS, {"name": "newcomer"}, _ansible_check_mode=True)
    assert named[0] == "jarvis: LOGIN"
    assert named[-1] == "newcomer: created"
    assert server.execute("SELECT count(*) FROM pg_roles WHERE rolname = 'newcomer'") == [(0,)]
    assert server.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'jarvis'") == [(False,)]


# Changes that the application can make to itself, or a person to it, and the deployment's words about each.
OWN_GOALS = {
    "ALTER ROLE jarvis SET local_preload_libraries = 'nonexistent'": "without setting local_preload_libraries",
    "ALTER ROLE jarvis SET session_preload_libraries = 'nonexistent'": "without setting session_preload_libraries",
    "ALTER ROLE jarvis SET role = 'jarvis_owner'": "without setting role",
    "ALTER ROLE jarvis SET default_transaction_read_only = on": "without setting default_transaction_read_only",
    "ALTER ROLE jarvis SET an.extension = 'x'": "without setting an.extension",
    "ALTER ROLE jarvis SET search_path = elsewhere": 'setting search_path = "$user", public, extensions',
    "ALTER ROLE jarvis SET statement_timeout = 1": "setting statement_timeout = 300s",
    "ALTER ROLE jarvis RESET statement_timeout": "setting statement_timeout = 300s",
    "ALTER ROLE jarvis IN DATABASE jarvis SET search_path = elsewhere": (
        "without setting search_path in database jarvis"
    ),
    "ALTER ROLE jarvis IN DATABASE jarvis SET local_preload_libraries = 'nonexistent'": (
        "without setting local_preload_libraries in database jarvis"
    ),
    "ALTER ROLE jarvis NOLOGIN": "LOGIN",
    "ALTER ROLE jarvis NOINHERIT": "INHERIT",
    "ALTER ROLE jarvis CONNECTION LIMIT 0": "connection limit 5",
    "ALTER ROLE jarvis VALID UNTIL '2020-01-01'": "no expiry",
    "ALTER ROLE jarvis PASSWORD NULL": "password",
    "ALTER ROLE jarvis PASSWORD 'another'": "password",
    "ALTER ROLE jarvis SUPERUSER": "NOSUPERUSER",
    "ALTER ROLE jarvis CREATEDB": "NOCREATEDB",
    "ALTER ROLE jarvis CREATEROLE": "NOCREATEROLE",
    "ALTER ROLE jarvis REPLICATION": "NOREPLICATION",
    "ALTER ROLE jarvis BYPASSRLS": "NOBYPASSRLS",
    "GRANT pg_read_all_data TO jarvis": "no member of pg_read_all_data by postgres",
    "GRANT jarvis_owner TO jarvis WITH ADMIN TRUE": "no member of jarvis_owner by postgres",
}


@pytest.mark.parametrize("statement", OWN_GOALS)
def test_what_a_role_was_given_beside_is_taken_back_and_named(server, converge, log_in, statement):
    converge(JARVIS)
    server.execute(statement)
    assert converge(JARVIS) == [f"jarvis: {OWN_GOALS[statement]}"]
    assert converge(JARVIS) == []
    cursor = log_in("jarvis", "right").cursor()
    cursor.execute("SELECT current_user, current_setting('search_path'), current_setting('statement_timeout')")
    assert cursor.fetchone() == ("jarvis", '"$user", public, extensions', "5min")


def test_role_that_locks_itself_out_is_let_in_again_and_its_open_session_stays(converge, log_in):
    converge(JARVIS)
    own = log_in("jarvis", "right").cursor()
    own.execute("ALTER ROLE jarvis SET local_preload_libraries = 'nonexistent'")
    with pytest.raises(psycopg2.OperationalError, match="could not access file"):
        log_in("jarvis", "right")
    assert converge(JARVIS) == ["jarvis: without setting local_preload_libraries"]
    log_in("jarvis", "right")
    own.execute("SELECT 1")


@pytest.mark.parametrize(
    "setting",
    [
        "local_preload_libraries = 'nonexistent'",
        "session_preload_libraries = 'nonexistent'",
        "default_transaction_read_only = on",
        "search_path = elsewhere",
        "role = jarvis_owner",
    ],
)
def test_administrator_with_such_a_setting_still_converges_roles_and_itself(server, converge, setting):
    converge(JARVIS)
    postgres = {"name": "postgres", "login": True, "superuser": True, "settings": {"search_path": '""'}}
    converge(postgres)
    server.execute(f"ALTER ROLE postgres SET {setting}")
    server_side = converge(postgres, {**JARVIS, "connection_limit": 6})
    assert server_side[1:] == ["jarvis: connection limit 6"]
    assert server_side[0].removeprefix("postgres: ").split(" = ")[0] in (
        f"without setting {setting.split()[0]}",
        "setting search_path",
    )
    assert server.execute("SHOW search_path") == [('""',)]


def test_role_without_a_wanted_password_has_none(server, converge):
    converge(OWNER)
    server.execute("ALTER ROLE jarvis_owner PASSWORD 'by hand'")
    assert converge(OWNER) == ["jarvis_owner: no password"]
    assert server.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'jarvis_owner'") == [(None,)]


def test_roles_of_others_are_left_alone(server, converge):
    server.execute("CREATE ROLE of_others LOGIN CREATEDB IN ROLE jarvis_owner")
    server.execute("ALTER ROLE of_others SET work_mem = '5MB'")
    converge(OWNER, JARVIS)
    assert server.execute(
        "SELECT rolcreatedb, rolconfig, pg_has_role(oid, 'jarvis_owner', 'MEMBER') FROM pg_roles"
        " WHERE rolname = 'of_others'"
    ) == [(True, ["work_mem=5MB"], True)]
    server.execute("DROP ROLE of_others")


def test_all_is_changed_or_nothing_and_the_reason_is_told_without_the_password(server, converge):
    converge(JARVIS)
    told = converge(
        {**JARVIS, "password": "secret"}, {**OWNER, "settings": {"statement_timeout": "-5s", "TimeZone": "UTC"}}
    )
    assert 'is outside the valid range for parameter "statement_timeout"' in told
    assert "secret" not in told
    assert "SCRAM" not in told
    assert converge(JARVIS) == []


def test_role_that_somebody_holds_is_not_waited_for_without_end(converge, log_in):
    converge(JARVIS)
    session = log_in("jarvis", "right")
    session.autocommit = False
    session.cursor().execute("ALTER ROLE jarvis SET work_mem = '5MB'")
    assert "lock timeout" in converge({**JARVIS, "settings": {}})
    session.rollback()


def test_server_that_does_not_answer_is_the_reason(converge):
    assert "No such file or directory" in converge(JARVIS, login_unix_socket="/nowhere")


def test_role_that_was_added_and_is_not_wanted_any_more_stays_without_any_right(server, converge, log_in):
    added = {
        "name": "newcomer",
        "added": True,
        "login": True,
        "password": "first",
        "connection_limit": 2,
        "settings": {"statement_timeout": "7s"},
        "member_of": [{"role": "jarvis_owner", "set": False}],
    }
    converge(OWNER)
    assert converge(OWNER, added)[-2:] == ["newcomer: added", "newcomer: member of jarvis_owner"]
    assert converge(OWNER, added) == []
    session = log_in("newcomer", "first").cursor()
    assert converge(OWNER) == [
        "newcomer: NOLOGIN",
        "newcomer: connection limit -1",
        "newcomer: no password",
        "newcomer: without setting statement_timeout",
        "newcomer: no member of jarvis_owner by postgres",
        "newcomer: sessions ended",
    ]
    with pytest.raises(psycopg2.OperationalError, match="closed the connection"):
        session.execute("SELECT 1")
    assert converge(OWNER) == []
    # A person can change it by hand, until the next deployment.
    server.execute("ALTER ROLE newcomer LOGIN")
    assert converge(OWNER) == ["newcomer: NOLOGIN"]
    assert converge(OWNER, added)[:1] == ["newcomer: LOGIN"]


def test_role_that_nobody_added_is_left_alone(server, converge):
    server.execute("CREATE ROLE newcomer LOGIN")
    converge(OWNER)
    assert converge(OWNER) == []
    assert server.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'newcomer'") == [(True,)]
