"""Observations are compared aspect by aspect. Secrets are compared by digests, for which the host's key is needed."""

from __future__ import annotations

import json
import os

import pytest
from ansible.module_utils import look_record


@pytest.fixture
def facts():
    return look_record.Facts("00" * 32)


def test_short_values_are_kept_as_text_and_long_ones_by_a_digest(facts):
    facts.note("container a", memory=5, names=["a"], nothing=None, long="x" * 81)
    assert facts.of["container a"]["memory"] == "5"
    assert facts.of["container a"]["names"] == '["a"]'
    assert facts.of["container a"]["nothing"] == ""
    assert facts.of["container a"]["long"].startswith("digest ")
    assert facts.count == 4


@pytest.mark.parametrize("nothing", [None, [], {}])
def test_nothing_is_nothing_however_it_is_told(facts, nothing):
    facts.note("container a", dns=nothing)
    assert facts.of["container a"]["dns"] == ""


def test_secret_is_kept_by_a_digest_that_another_key_makes_differently(facts):
    facts.note_secret("file", content=b"secret")
    assert "secret" not in json.dumps(facts.of)
    other = look_record.Facts("11" * 32)
    other.note_secret("file", content=b"secret")
    assert other.of != facts.of


def test_every_difference_is_a_sentence():
    recorded = {"a": {"mode": "0600", "content": "digest 1"}, "gone": {"x": "1"}, "same": {"x": "1"}}
    found = {"a": {"mode": "0644", "content": "digest 2"}, "new": {"x": "1"}, "same": {"x": "1"}}
    assert look_record.differences(recorded, found) == [
        "a: content is another one",
        "a: mode is 0644, was 0600",
        "gone is gone",
        "new is new",
    ]


def test_aspect_that_comes_goes_or_is_empty_is_told():
    assert look_record.differences({"a": {"x": "1", "y": ""}}, {"a": {"y": "2", "z": "3"}}) == [
        "a: x is gone",
        "a: y is 2, was empty",
        "a: z is new",
    ]


def test_part_that_could_not_be_looked_at_is_doubted_and_not_compared(facts):
    whole = look_record.Facts("00" * 32)
    whole.note("file a", mode="0644")
    facts.complete = False
    facts.doubt("the server cannot be looked at: no answer")
    recorded = {"server": {"role jarvis": {"x": "1"}}, "files": {"file a": {"mode": "0600"}}}
    assert look_record.differences_by_part(recorded, {"server": facts, "files": whole}) == [
        "the server cannot be looked at: no answer",
        "file a: mode is 0644, was 0600",
    ]


def test_part_that_only_one_of_both_has_differs(facts):
    facts.note("role x", login=True)
    assert look_record.differences_by_part({}, {"server": facts}) == ["role x is new"]
    assert look_record.differences_by_part({"server": facts.of}, {}) == ["role x is gone"]


@pytest.fixture
def record(tmp_path, monkeypatch):
    monkeypatch.setattr(look_record, "PATH", str(tmp_path / "look.json"))
    return tmp_path / "look.json"


def test_record_is_for_root_alone_and_read_back_as_it_was_written(record):
    assert look_record.read() is None
    look_record.write({"key": "00", "wanted": {}, "facts": {"the host": {"host": {"machine": "1"}}}, "proven": "now"})
    assert os.stat(record).st_mode & 0o777 == 0o600
    assert look_record.read()["proven"] == "now"
    look_record.forget()
    look_record.forget()
    assert look_record.read() is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"format": 0, "key": "00", "wanted": {}, "facts": {"the host": {"host": {"machine": "1"}}}, "proven": ""}',
        '{"format": 1, "key": "no", "wanted": {}, "facts": {"the host": {"host": {"machine": "1"}}}, "proven": ""}',
        '{"format": 1, "key": "00", "wanted": {}, "facts": {}, "proven": ""}',
        '{"format": 1, "key": "00", "wanted": {}, "facts": {"the host": {"host": {"machine": "1"}}}}',
        '{"format": 1, "key": "00", "facts": {"the host": {"host": {"machine": "1"}}}, "proven": ""}',
    ],
)
def test_record_that_cannot_be_read_is_none(record, text):
    record.write_text(text)
    assert look_record.read() is None
