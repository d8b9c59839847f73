"""Values that cannot work are refused, each with its variable, its value and the remedy."""

from __future__ import annotations

import pytest
from ansible.module_utils import preflight_input as checks

SUPPORTED = {"Debian": ["12", "13"], "Ubuntu": ["22.04", "24.04"]}


@pytest.mark.parametrize("name", ["jarvis", "_private", "a", "jarvis_2", "x" * 63])
def test_plain_identifier_is_accepted(name):
    assert list(checks.identifier_problems({"postgres_database": name})) == []


@pytest.mark.parametrize(
    "name", ["", "Jarvis", "my-database", "2jarvis", "a b", 'a"b', "a;drop", "näme", "x" * 64, "jarvis\n"]
)
def test_other_identifier_is_refused_by_name(name):
    (problem,) = checks.identifier_problems({"postgres_database": name})
    assert problem.startswith(f"postgres_database is {name!r}, which is no plain SQL identifier.")


@pytest.mark.parametrize(
    "permission", ["+flushdb", "-@scripting", "+config|get", "+sort_ro", "+client|no-evict", "+ft.search"]
)
def test_permission_of_a_command_is_accepted(permission):
    assert list(checks.permission_problems({"redis_application_permissions": [permission]})) == []


@pytest.mark.parametrize(
    "permission", ["flushdb", "nopass", ">password", "~*", "on", "+get ~x", "+get\nuser x on nopass +@all", "+@a|b", ""]
)
def test_permission_that_is_something_else_is_refused_by_name(permission):
    (problem,) = checks.permission_problems({"redis_application_permissions": ["+keys", permission]})
    assert problem.startswith(f"redis_application_permissions holds {permission!r}, which gives or takes no command")


@pytest.mark.parametrize(
    "password", [None, "secret", "with space", "quote'\"", "p%:/@#?", "naïve パス", "سلام", "x" * 4096]
)
def test_usable_password_is_accepted(password):
    assert list(checks.password_problems({"credentials_redis_password": password})) == []


@pytest.mark.parametrize("password", ["", " ", "\t\n"])
def test_empty_password_is_refused(password):
    (problem,) = checks.password_problems({"credentials_redis_password": password})
    assert problem.startswith("credentials_redis_password is empty or only white space.")


@pytest.mark.parametrize("password", [" secret", "secret\n", "sec\nret", "sec\0ret"])
def test_fragile_password_is_refused_without_showing_it(password):
    (problem,) = checks.password_problems({"credentials_redis_password": password})
    assert problem.startswith("credentials_redis_password ")
    assert "sec" not in problem.replace("credentials", "")


@pytest.mark.parametrize("password", ["robot 🤖", "سلام hello", "سلام1", "soft\u00adhyphen \ufdd0"])
def test_password_that_clients_of_postgresql_do_not_agree_on_is_refused(password):
    assert len(list(checks.password_problems({"credentials_postgres_password": password}))) == 1


@pytest.mark.parametrize(("distribution", "version"), [("Debian", "12"), ("Debian", "12.7"), ("Ubuntu", "24.04")])
def test_supported_system_is_accepted(distribution, version):
    assert list(checks.platform_problems(distribution, version, "x86_64", SUPPORTED, ["x86_64"])) == []


@pytest.mark.parametrize(("distribution", "version"), [("Debian", "11"), ("Debian", "120"), ("Fedora", "42")])
def test_unsupported_system_is_refused_with_what_is_supported(distribution, version):
    assert list(checks.platform_problems(distribution, version, "x86_64", SUPPORTED, ["x86_64"])) == [
        f"The system is {distribution} {version}; supported are Debian 12/13, Ubuntu 22.04/24.04. "
        "Use a host with one of these."
    ]


def test_unsupported_architecture_is_refused():
    assert list(checks.platform_problems("Debian", "12", "riscv64", SUPPORTED, ["x86_64", "aarch64"])) == [
        "The architecture is riscv64; supported are x86_64, aarch64. Use such a host."
    ]


@pytest.mark.parametrize(
    ("image", "major"),
    [
        ("postgres:16-alpine", "16"),
        ("postgres:16.4", "16"),
        ("registry.example:5000/team/postgres:17", "17"),
        ("registry.example:5000/team/postgres", None),
        ("postgres:16@sha256:" + "0" * 64, "16"),
        ("postgres@sha256:" + "1" * 64, None),
        ("postgres:alpine", None),
        ("postgres", None),
    ],
)
def test_major_is_read_from_the_tag(image, major):
    assert checks.image_major(image) == major


def test_what_the_image_says_of_itself_goes_before_its_tag():
    assert checks.image_major("postgres:16", present_major="17", archive_major="15") == "17"
    assert checks.image_major("postgres:16", archive_major="15") == "15"


def test_other_major_than_the_data_is_refused():
    (problem,) = checks.major_problems("postgres:17", "17", "16")
    assert problem.startswith(
        "images_postgres is postgres:17 (PostgreSQL 17), but the data of this host was written by PostgreSQL 16"
    )


@pytest.mark.parametrize(("wanted", "found"), [("16", "16"), (None, "16"), ("16", None), ("16", "")])
def test_same_or_unknown_major_is_no_problem(wanted, found):
    assert list(checks.major_problems("postgres:16", wanted, found)) == []
