"""The module reports databases and their privileges as the server has them, so only missing privileges are granted."""

from __future__ import annotations

import pytest

WANTED = [
    {"roles": ["PUBLIC"], "privileges": ["CONNECT", "TEMPORARY"], "state": "absent"},
    {"roles": ["jarvis"], "privileges": ["CONNECT", "CREATE", "TEMPORARY"]},
    {"roles": ["reader", "writer"], "privileges": ["CONNECT"]},
]
AS_WANTED = (
    "REVOKE CONNECT, TEMPORARY ON DATABASE shop FROM PUBLIC",
    "GRANT CONNECT, CREATE, TEMPORARY ON DATABASE shop TO jarvis",
    "GRANT CONNECT ON DATABASE shop TO reader, writer",
)


@pytest.fixture
def shop(server):
    """Make a database with roles; return what runs a statement of the superuser."""
    for name in ("reader", "writer"):
        server.execute(f"CREATE ROLE {name}")
    server.execute("CREATE DATABASE shop OWNER jarvis_owner LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' TEMPLATE template0")
    yield server.execute
    for what in ("DATABASE IF EXISTS shop", "ROLE IF EXISTS reader", "ROLE IF EXISTS writer"):
        server.execute(f"DROP {what}")


def due(settle, *roles, **arguments):
    return settle(*roles, database="shop", privileges=WANTED, **arguments)["privileges_due"]


def test_new_database_lacks_all_and_the_module_grants_nothing(shop, settle):
    assert due(settle) == [True, True, True]
    assert due(settle) == [True, True, True]


def test_database_that_does_not_exist_lacks_all(shop, settle):
    shop("DROP DATABASE shop")
    assert due(settle) == [True, True, True]


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ("SELECT 1", [False, False, False]),
        ("GRANT CONNECT ON DATABASE shop TO PUBLIC", [True, False, False]),
        ("GRANT TEMPORARY ON DATABASE shop TO PUBLIC", [True, False, False]),
        ("GRANT CREATE ON DATABASE shop TO PUBLIC", [False, False, False]),
        ("REVOKE CREATE ON DATABASE shop FROM jarvis", [False, True, False]),
        ("REVOKE CONNECT ON DATABASE shop FROM writer", [False, False, True]),
        # The role may connect because everybody may, until that right is taken from everybody.
        (
            "REVOKE CONNECT ON DATABASE shop FROM writer; GRANT CONNECT ON DATABASE shop TO PUBLIC",
            [True, False, True],
        ),
        # The owner's rights go to the next owner.
        ("ALTER DATABASE shop OWNER TO reader", [False, False, True]),
        ("DROP OWNED BY writer; DROP ROLE writer", [False, False, True]),
    ],
)
def test_what_differs_is_told_by_a_preview_and_by_a_run(shop, settle, statement, missing):
    for step in (*AS_WANTED, *statement.split("; ")):
        shop(step)
    assert due(settle, _ansible_check_mode=True) == missing
    assert due(settle) == missing


def test_role_that_the_run_makes_lacks_its_privileges_in_the_preview_already(shop, settle):
    for step in (*AS_WANTED, "DROP OWNED BY writer", "DROP ROLE writer"):
        shop(step)
    assert due(settle, {"name": "writer"}, _ansible_check_mode=True) == [False, False, True]
    assert due(settle, {"name": "writer"}) == [False, False, True]


def test_databases_are_told_with_what_is_compared_of_them(shop, settle):
    told = settle()["databases"]
    assert told["shop"] == {
        "owner": "jarvis_owner",
        "encoding": "UTF8",
        "lc_collate": "C",
        "lc_ctype": "C.UTF-8",
    }
    assert "template1" not in told


def test_password_that_is_a_name_hides_neither_the_database_nor_what_is_due(shop, settle):
    told = settle({"name": "reader", "password": "shop"}, database="shop", privileges=WANTED)
    assert "shop" in told["databases"]
    assert told["privileges_due"] == [True, True, True]
