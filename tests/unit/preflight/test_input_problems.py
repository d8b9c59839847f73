"""Values that cannot work are refused, each with its variable, its value and the remedy."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def checks(load):
    return load("preflight/filter_plugins/input_problems")


@pytest.mark.parametrize("name", ["jarvis", "_private", "a", "jarvis_2", "x" * 63])
def test_plain_identifier_is_accepted(checks, name):
    assert list(checks.identifier_problems({"postgres_database": name})) == []


@pytest.mark.parametrize(
    "name", ["", "Jarvis", "my-database", "2jarvis", "a b", 'a"b', "a;drop", "näme", "x" * 64, "jarvis\n"]
)
def test_other_identifier_is_refused_by_name(checks, name):
    (problem,) = checks.identifier_problems({"postgres_database": name})
    assert problem.startswith(f"postgres_database is {name!r}, which is no plain SQL identifier.")


@pytest.mark.parametrize(
    "permission", ["+flushdb", "-@scripting", "+config|get", "+sort_ro", "+client|no-evict", "+ft.search"]
)
def test_permission_of_a_command_is_accepted(checks, permission):
    assert list(checks.permission_problems({"redis_application_permissions": [permission]})) == []


@pytest.mark.parametrize(
    "permission", ["flushdb", "nopass", ">password", "~*", "on", "+get ~x", "+get\nuser x on nopass +@all", "+@a|b", ""]
)
def test_permission_that_is_something_else_is_refused_by_name(checks, permission):
    (problem,) = checks.permission_problems({"redis_application_permissions": ["+keys", permission]})
    assert problem.startswith(f"redis_application_permissions holds {permission!r}, which gives or takes no command")


OWN = [
    {"name": "postgres"},
    {"name": "jarvis", "secret": "postgres_password", "variable": "DATABASE_URL", "word": "app"},
    {"name": "jarvis_readonly", "secret": "readonly_password", "variable": "DATABASE_READONLY_URL", "word": "readonly"},
]
OF_REDIS = [{"name": "admin", "secret": "redis_admin_password", "word": "redis"}]


def added(*names):
    return [
        {
            "name": name,
            "added": True,
            "secret": f"postgres_{name}_password",
            "variable": f"DATABASE_{str(name).upper()}_URL",
            "word": name,
        }
        for name in names
    ]


@pytest.mark.parametrize("name", ["Worker", "my-role", "pg_read_all_data", "x" * 64, "", "a b", True, 7, None])
def test_name_of_an_account_that_a_server_would_not_take_is_refused(checks, name):
    (problem,) = checks.account_problems({"postgres_roles": OWN + added(name)})
    assert problem.startswith(f"postgres_roles holds the name {name!r}. Use a text of lower-case letters,")


@pytest.mark.parametrize(
    "names",
    # Our own names and words of rotation, a name that would take the variable of readers, and words that the servers
    # reserve.
    [
        ["jarvis"],
        ["postgres"],
        ["reporting", "reporting"],
        ["readonly"],
        ["app"],
        ["redis"],
        ["all"],
        ["public"],
        ["none"],
    ],
)
def test_name_of_an_account_that_is_taken_is_refused(checks, names):
    (problem,) = checks.account_problems({"postgres_roles": OWN + added(*names), "redis_users": OF_REDIS})
    assert problem == f"postgres_roles holds the name {names[-1]!r}, which is taken: give each another one."


def test_name_whose_address_would_be_that_of_a_socket_is_refused(checks):
    own = [{**OWN[1], "socket_variable": "DATABASE_SOCKET_URL"}]
    (problem,) = checks.account_problems({"postgres_roles": own + added("socket")})
    assert problem == "postgres_roles holds the name 'socket', which is taken: give each another one."


def test_same_name_in_both_servers_is_no_problem(checks):
    worker = {"name": "worker", "added": True, "secret": "redis_worker_password", "variable": "REDIS_WORKER_URL"}
    accounts = {"postgres_roles": OWN + added("worker"), "redis_users": [*OF_REDIS, {**worker, "word": "worker"}]}
    assert list(checks.account_problems(accounts)) == []


@pytest.mark.parametrize("pattern", ["", "a b", "a\n", "* on"])
def test_pattern_that_would_be_another_rule_is_refused(checks, pattern):
    entry = {"name": "worker", "keys": ["queue:*", pattern], "permissions": ["+get"]}
    (problem,) = checks.entry_problems({"redis_users": [entry]})
    assert problem.startswith(f"redis_users holds the pattern {pattern!r}.")


@pytest.mark.parametrize("option", ["keys", "channels", "permissions"])
def test_text_in_the_place_of_a_list_is_refused_since_its_letters_would_be_taken_one_by_one(checks, option):
    entry = {"name": "worker", "keys": ["*"], "permissions": ["+get"], option: "queue:*"}
    (problem,) = checks.entry_problems({"redis_users": [entry]})
    assert problem == f"redis_users: {option} of worker is 'queue:*', which is no list."


@pytest.mark.parametrize("name", ["timezone", "TimeZone"])
def test_time_zone_of_a_role_is_refused(checks, name):
    entry = {"name": "reporting", "may": "read", "connection_limit": 1, "settings": {name: "Europe/Berlin"}}
    (problem,) = checks.entry_problems({"postgres_roles": [entry]})
    assert problem.startswith("postgres_roles: the settings of reporting have a time zone.")


@pytest.mark.parametrize(
    "password", [None, "secret", "with space", "quote'\"", "p%:/@#?", "naïve パス", "سلام", "x" * 4096]
)
def test_usable_password_is_accepted(checks, password):
    assert list(checks.password_problems({"credentials_redis_password": password})) == []


@pytest.mark.parametrize("password", ["", " ", "\t\n"])
def test_empty_password_is_refused(checks, password):
    (problem,) = checks.password_problems({"credentials_redis_password": password})
    assert problem.startswith("credentials_redis_password is empty or only white space.")


@pytest.mark.parametrize("password", [" secret", "secret\n", "sec\nret", "sec\0ret"])
def test_fragile_password_is_refused_without_showing_it(checks, password):
    (problem,) = checks.password_problems({"credentials_redis_password": password})
    assert problem.startswith("credentials_redis_password ")
    assert "sec" not in problem.replace("credentials", "")


@pytest.mark.parametrize("password", ["robot 🤖", "سلام hello", "سلام1", "soft\u00adhyphen \ufdd0"])
def test_password_that_clients_of_postgresql_do_not_agree_on_is_refused(checks, password):
    assert len(list(checks.password_problems({"credentials_postgres_password": password}))) == 1


def address(bound, networks=("10.0.0.0/24",)):
    return {
        "name": "redis",
        "address": bound,
        "networks": list(networks) if isinstance(networks, tuple) else networks,
    }


@pytest.mark.parametrize(
    ("server", "tls", "told"),
    [
        (address("localhost"), True, ["redis_bind_address is 'localhost', which is no IPv4 address."]),
        (address("::1"), True, ["redis_bind_address is '::1', which is no IPv4 address."]),
        (address("10.0.0.5"), False, ["redis_bind_address is '10.0.0.5', which others can reach, and tls_enabled is"]),
        (address("0.0.0.0", ()), True, ["redis_bind_address is '0.0.0.0', but redis_allowed_networks is empty"]),
        (address("127.0.0.1", ()), False, []),
        (address("10.0.0.5"), True, []),
    ],
)
def test_address_that_a_server_must_not_be_bound_to_is_named(checks, server, tls, told):
    problems = list(checks.address_problems([server], tls))
    assert [problem.startswith(start) for problem, start in zip(problems, told, strict=True)] == [True] * len(told)


@pytest.mark.parametrize(
    ("networks", "hint"),
    [
        (("10.0.0.5/24",), "such as 10.0.0.0/24."),
        (("10.0.0.0/33",), "such as 10.0.0.0/24."),
        (("everybody",), "such as 10.0.0.0/24."),
        ("10.0.0.0/24", "Write a list of networks"),
    ],
)
def test_network_that_is_none_is_named(checks, networks, hint):
    (problem,) = checks.network_problems([address("10.0.0.5", networks)])
    assert problem.startswith("redis_allowed_networks ")
    assert hint in problem


def test_two_servers_on_one_port_are_refused_however_the_port_is_written(checks):
    servers = [
        {"name": "postgres", "address": "127.0.0.1", "port": 5432},
        {"name": "redis", "address": "127.0.0.1", "port": "5432"},
    ]
    (problem,) = checks.same_port_problems(servers)
    assert problem == "postgres_port and redis_port are both 5432. Give each a port of its own."
    assert list(checks.same_port_problems([servers[0], {**servers[1], "address": "10.0.0.5"}])) == []


def test_all_problems_are_told_at_once(checks):
    given = {
        "identifiers": {"postgres_database": "my-db"},
        "permissions": {"redis_application_permissions": ["x"]},
        "passwords": {"credentials_redis_password": ""},
        "servers": [
            {**address("nowhere", ("x",)), "port": 1},
            {**address("127.0.0.1"), "port": 1},
            {**address("127.0.0.1"), "port": 1},
        ],
        "accounts": {"redis_users": [{"name": "Worker", "added": True}]},
        "entries": {"redis_users": [{"name": "worker", "keys": ["a b"], "permissions": []}]},
        "tls_enabled": False,
    }
    assert len(checks.input_problems(given)) == 8
