"""A user that an inventory adds may do what its entry says, but not the dangerous commands in its categories."""

from __future__ import annotations

import pytest

GUARD = "-@admin -@dangerous -function -script|debug -script|flush -script|kill"
PASSWORDS = {"worker": "secret"}
DIGEST = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"


@pytest.fixture(scope="module")
def lines(load):
    return load("redis/filter_plugins/redis_users").redis_user_lines


def test_line_begins_with_no_right_and_takes_dangerous_commands_out_of_categories(lines):
    entry = {"name": "worker", "keys": ["queue:*", "job:*"], "permissions": ["+ping", "+@write", "-del"]}
    assert lines([entry], PASSWORDS) == [
        f"user worker on #{DIGEST} ~queue:* ~job:* resetchannels -@all +@write {GUARD} +ping -del"
    ]


def test_dangerous_command_that_is_named_is_given(lines):
    entry = {"name": "worker", "keys": ["*"], "channels": ["news"], "permissions": ["+flushdb", "+@read", "+@admin"]}
    assert lines([entry], PASSWORDS) == [
        f"user worker on #{DIGEST} ~* resetchannels &news -@all +@read {GUARD} +flushdb +@admin"
    ]


def test_without_entries_there_is_no_line(lines):
    assert lines([], {}) == []
