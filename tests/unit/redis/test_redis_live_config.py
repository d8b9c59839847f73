"""Two spellings of one setting or user count as equal, and two different ones do not."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def live(load):
    return load("redis/library/redis_live_config")


@pytest.fixture(scope="module")
def settings(load):
    return load("redis/module_utils/redis_live_settings")


@pytest.mark.parametrize(
    ("one", "other"), [("64mb", "67108864"), ("1k", 1000), ("1kb", "1024"), ("2GB", 2147483648), ('"a b"', "a b")]
)
def test_spellings_of_a_value_are_equal(settings, one, other):
    assert settings.normal_value(one) == settings.normal_value(other)


@pytest.mark.parametrize(("one", "other"), [("64mb", "64m"), ("yes", "no"), ("60", "61")])
def test_different_values_differ(settings, one, other):
    assert settings.normal_value(one) != settings.normal_value(other)


def test_permissions_in_other_words_are_the_same_user(live):
    assert live.users(["user jarvis on #ab ~* &* +@all -@dangerous +info"]) == live.users(
        ["user jarvis on #ab ~* &* +@all -keys -flushall"]
    )


@pytest.mark.parametrize(
    "line",
    [
        "user jarvis on #cd ~* &* +@all",
        "user jarvis off #ab ~* &* +@all",
        "user jarvis on nopass ~* &* +@all",
        "user other on #ab ~* &* +@all",
    ],
)
def test_other_credentials_are_another_user(live, line):
    assert live.users(["user jarvis on #ab ~* &* +@all"]) != live.users([line])
