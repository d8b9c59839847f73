"""Secrets, client variables and words of rotation follow from the accounts of the servers."""

from __future__ import annotations

import pytest

OURS = [
    {"name": "postgres"},
    {"name": "jarvis", "secret": "postgres_password", "variable": "DATABASE_URL", "word": "app"},
    {"name": "admin", "secret": "redis_admin_password", "word": "redis"},
]


@pytest.fixture(scope="module")
def accounts(load):
    return load("../playbooks/filter_plugins/accounts")


def test_entry_of_an_inventory_is_an_account(accounts):
    entries = [{"name": "reporting", "may": "read"}]
    assert accounts.added_accounts(entries, "postgres", "DATABASE") == [
        {
            "name": "reporting",
            "added": True,
            "secret": "postgres_reporting_password",
            "variable": "DATABASE_REPORTING_URL",
            "word": "reporting",
        }
    ]


@pytest.mark.parametrize("entries", ["reporting", {"name": "reporting"}, ["reporting"], [{"may": "read"}]])
def test_what_is_no_entry_is_left_to_the_check_of_its_type(accounts, entries):
    assert accounts.added_accounts(entries, "postgres", "DATABASE") == []


def test_account_with_an_address_has_another_one_for_the_socket_where_there_are_sockets(accounts):
    found = accounts.socket_accounts(OURS, True)
    assert accounts.account_variables(found, "socket_variable") == {"jarvis": "DATABASE_SOCKET_URL"}
    assert accounts.account_variables(found) == {"jarvis": "DATABASE_URL"}
    assert accounts.account_variables(accounts.socket_accounts(OURS, False), "socket_variable") == {}


def test_word_rotates_every_secret_that_has_it_and_all_rotates_everything(accounts):
    worker = {"name": "worker", "secret": "redis_worker_password", "word": "worker"}
    assert accounts.secrets_by_word([*OURS, worker]) == {
        "app": ["postgres_password"],
        "redis": ["redis_admin_password"],
        "worker": ["redis_worker_password"],
        "all": ["postgres_password", "redis_admin_password", "redis_worker_password"],
    }


def test_account_without_a_password_has_neither_secret_nor_variable(accounts):
    assert accounts.account_secrets(OURS) == ["postgres_password", "redis_admin_password"]
    assert accounts.account_variables(OURS) == {"jarvis": "DATABASE_URL"}
    assert accounts.account_passwords(OURS[1:2], {"postgres_password": "p"}) == {"jarvis": "p"}
