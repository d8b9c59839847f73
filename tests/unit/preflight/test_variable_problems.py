"""A variable that does not exist, or has a wrong value, is named once, with what it has to be."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def lookup(load):
    return load("preflight/lookup_plugins/variable_problems")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("postgres_prot", "postgres_port"),
        ("tls_name", "tls_names"),
        ("redis_allowed_network", "redis_allowed_networks"),
        ("image_source", "images_source"),
        ("postgress_port", "postgres_port"),
        ("redsi_port", "redis_port"),
    ],
)
def test_unknown_name_is_told_with_the_nearest(lookup, name, nearest):
    (problem,) = lookup.unknown_problems([name])
    assert problem.startswith(f"{name} is no variable of this project. Did you mean {nearest}?")


@pytest.mark.parametrize(
    "name",
    [
        "postgres_port",
        "verify_enabled",
        "client_host",
        "postgres_ready",
        "data_inspected",
        "preflight_host",
        "ansible_user",
        "inventory_hostname",
        "groups",
        "molecule_yml",
        "my_port",
        "nginx_port",
    ],
)
def test_known_names_and_those_of_others_are_none(lookup, name):
    assert list(lookup.unknown_problems([name])) == []


def test_listed_names_of_others_may_look_like_ours(lookup):
    assert list(lookup.unknown_problems(["redis_sentinel_port"], ["redis_sentinel_port"])) == []
    assert len(list(lookup.unknown_problems(["redis_sentinel_port"]))) == 1


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ({"type": "int"}, "abc", "x is 'abc', and has to be a whole number."),
        ({"type": "bool"}, "perhaps", "x is 'perhaps', and has to be true or false."),
        ({"type": "dict"}, [1], "x is '[1]', and has to be a dict."),
        (
            {"type": "str", "choices": ["a", "b"]},
            "c",
            "x is 'c': value of x must be one of: a, b, got: c.",
        ),
        ({"type": "list", "elements": "int"}, ["a"], "x is \"['a']\", and has to be a list."),
    ],
)
def test_wrong_value_is_told_with_what_it_has_to_be(lookup, option, value, told):
    assert list(lookup.value_problems("x", option, value)) == [told]


@pytest.mark.parametrize(
    ("option", "value"),
    [({"type": "int"}, "5"), ({"type": "bool"}, "yes"), ({"type": "str"}, None), ({"type": "list"}, "a,b")],
)
def test_what_ansible_converts_is_no_problem(lookup, option, value):
    assert list(lookup.value_problems("x", option, value)) == []


def test_password_is_not_shown(lookup):
    (problem,) = lookup.value_problems("credentials_redis_password", {"type": "int"}, "sEcret")
    assert problem == "credentials_redis_password is set, and has to be a whole number."
