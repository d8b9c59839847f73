"""Any password survives its way through a connection address."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest


@pytest.fixture(scope="module")
def urls(load):
    return load("../playbooks/filter_plugins/connection_url")


@pytest.mark.parametrize("password", ["plain", "a:b", "a/b", "a@b", "50%", "a b", "a'\"b", "?#[]", "näme", "🤖", "+"])
def test_password_is_read_back_from_the_url(urls, password):
    account = {"name": "jarvis", "secret": "postgres_password", "variable": "DATABASE_URL"}
    made = urls.account_urls(
        [account, {"name": "postgres"}], {"postgres_password": password}, "postgresql", "127.0.0.1:5432/jarvis"
    )
    assert list(made) == ["DATABASE_URL"]
    parts = urlsplit(made["DATABASE_URL"])
    assert parts.username == "jarvis"
    assert unquote(parts.password) == password
    assert parts.hostname == "127.0.0.1"
    assert parts.path == "/jarvis"


def test_address_of_a_socket_names_its_folder_and_the_role(urls):
    account = {
        "name": "jarvis",
        "secret": "password",
        "variable": "DATABASE_URL",
        "socket_variable": "DATABASE_SOCKET_URL",
    }
    rest = "/jarvis?host=/sockets/postgres"
    assert urls.account_urls([account], {"password": "a/b"}, "postgresql", rest, "socket_variable") == {
        "DATABASE_SOCKET_URL": "postgresql://jarvis:a%2Fb@/jarvis?host=/sockets/postgres"
    }


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "[::1]"),
        ("fd00::1", "[fd00::1]"),
        ("10.0.0.5", "10.0.0.5"),
    ],
)
def test_host_of_a_bound_address_can_be_reached(urls, address, host):
    assert urls.reachable_host(address) == host
