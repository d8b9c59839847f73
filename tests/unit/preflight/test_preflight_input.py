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
    (problem,) = checks.major_problems("postgres:17", "17", "16", "jarvis_postgres_data")
    assert problem.startswith(
        "images_postgres is postgres:17 (PostgreSQL 17), but the volume jarvis_postgres_data holds data of "
        "PostgreSQL 16"
    )


@pytest.mark.parametrize(("wanted", "found"), [("16", "16"), (None, "16"), ("16", None)])
def test_same_or_unknown_major_is_no_problem(wanted, found):
    assert list(checks.major_problems("postgres:16", wanted, found, "volume")) == []


def test_numbers_are_checked_as_text():
    assert list(checks.password_problems({"credentials_redis_password": 12345678})) == []
    (problem,) = checks.identifier_problems({"postgres_database": 123})
    assert problem.startswith("postgres_database is '123'")


def server(address="127.0.0.1", networks=None):
    return {
        "variable": "redis_bind_address",
        "address": address,
        "networks_variable": "redis_allowed_networks",
        "networks": networks or [],
    }


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.1.1"])
def test_loopback_address_is_accepted_without_tls(address):
    assert list(checks.address_problems([server(address)], tls_enabled=False)) == []


@pytest.mark.parametrize("address", ["0.0.0.0", "10.0.0.5"])
def test_open_address_is_accepted_with_tls_and_networks(address):
    assert list(checks.address_problems([server(address, ["10.0.0.0/24"])], tls_enabled=True)) == []


@pytest.mark.parametrize("address", ["0.0.0.0", "10.0.0.5"])
def test_open_address_without_tls_or_networks_is_refused(address):
    without_tls, without_networks = checks.address_problems([server(address)], tls_enabled=False)
    assert without_tls.startswith(
        f"redis_bind_address is {address!r}, which others can reach, and tls_enabled is false."
    )
    assert without_networks.startswith(f"redis_bind_address is {address!r}, but redis_allowed_networks is empty")


@pytest.mark.parametrize("address", ["localhost", "::1", "::", ""])
def test_what_is_no_ipv4_address_is_refused(address):
    (problem,) = checks.address_problems([server(address, ["10.0.0.0/24"])], tls_enabled=True)
    assert problem.startswith(f"redis_bind_address is {address!r}, which is no IPv4 address.")


def test_networks_are_accepted():
    assert list(checks.network_problems([server(networks=["10.0.0.0/24", "192.0.2.7/32", "0.0.0.0/0"])])) == []


@pytest.mark.parametrize(
    ("network", "remedy"),
    [
        ("10.0.0.5/24", "10.0.0.0/24"),
        ("10.0.0.5", "10.0.0.5/32"),
        ("10.0.0.0/255.255.255.0", "10.0.0.0/24"),
        ("10.0.0.0/33", "10.0.0.0/24"),
        ("fd00::/8", "10.0.0.0/24"),
        ("office", "10.0.0.0/24"),
        ("", "10.0.0.0/24"),
    ],
)
def test_network_in_another_form_is_refused_with_the_plain_one(network, remedy):
    (problem,) = checks.network_problems([server(networks=["10.0.0.0/8", network])])
    assert problem == (
        f"redis_allowed_networks holds {network!r}, which is no IPv4 network. "
        f"Write it as address and prefix length, such as {remedy}."
    )


def test_network_that_is_no_list_is_refused():
    (problem,) = checks.network_problems([server(networks="10.0.0.0/24")])
    assert problem == (
        "redis_allowed_networks is '10.0.0.0/24', which is no list. Write a list of networks, such as [10.0.0.0/24]."
    )


def test_same_port_twice_is_refused():
    ports = [
        {"variable": "postgres_port", "address": "127.0.0.1", "port": 5432},
        {"variable": "redis_port", "address": "127.0.0.1", "port": 5432},
    ]
    assert list(checks.same_port_problems(ports)) == [
        "postgres_port and redis_port are both 5432. Give each a port of its own."
    ]
