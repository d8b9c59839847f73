"""Comparing snapshots, showing differences, and hiding passwords."""

from __future__ import annotations

import pytest
from jarvis_schema.catalog import Object
from jarvis_schema.drift import as_diff, compare
from jarvis_schema.explain import redact


def snapshot(**objects) -> dict:
    return {tuple(key.split("__")): Object("owner", facts) for key, facts in objects.items()}


def test_missing_additional_and_different_objects_are_told() -> None:
    expected = snapshot(table__a={"x": 1, "y": 2}, table__b={})
    actual = snapshot(table__a={"x": 1, "y": 3}, table__c={})
    assert [str(difference) for difference in compare(expected, actual)[0]] == [
        "table a: y is 3, should be 2",
        "table b is missing",
        "table c should not be there",
    ]


def test_what_the_application_owns_is_its_own_but_not_what_it_took_over() -> None:
    mine = {
        ("table", "a"): Object("app", {"owner": "app"}),
        ("column", "m.c"): Object("app", {}),
        ("table", "m"): Object("app", {}),
    }
    found, own = compare(snapshot(table__a={"owner": "owner"}), mine, ["app"])
    assert own == ["table m"]
    assert [str(difference) for difference in found] == ["table a: owner is app, should be owner"]


def test_an_additional_column_is_no_change_of_order() -> None:
    expected = snapshot(table__a={"column_order": ["x", "y"]})
    assert compare(expected, snapshot(table__a={"column_order": ["x", "new", "y"]}))[0] == []
    assert len(compare(expected, snapshot(table__a={"column_order": ["y", "x"]}))[0]) == 1


def test_a_diff_shows_only_what_changes() -> None:
    before = snapshot(table__a={"x": 1}, table__same={"x": 1})
    after = snapshot(table__a={"x": 2}, table__same={"x": 1}, view__v={"definition": "SELECT 1,\n  2"})
    diff = as_diff(before, after)
    assert diff["before"] == "table a\n    x: 1\n"
    assert diff["after"] == "table a\n    x: 2\nview v\n    definition: SELECT 1,\n          2\n"


@pytest.mark.parametrize(
    "text",
    [
        "host=h password=hunter2 user=u",
        "OPTIONS (user 'u', password 'hunter2')",
        'PASSWORD "hunter2"',
        "password: hunter2",
        "postgres://jarvis:hunter2@localhost:5432/jarvis",
        "Password = 'hunter2 '' with quotes hunter2'",
    ],
)
def test_passwords_are_hidden(text: str) -> None:
    assert "hunter2" not in redact(text)
    assert "********" in redact(text)


def test_words_that_are_no_passwords_stay() -> None:
    assert redact('column "password" does not exist; the password is wrong') == (
        'column "password" does not exist; the password is wrong'
    )
