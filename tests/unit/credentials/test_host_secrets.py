"""Secrets are random, generated once, and readable by root alone. The previous one is kept beside its successor."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils import basic


@pytest.fixture(scope="module")
def module(load):
    return load("credentials/library/host_secrets")


@pytest.fixture
def settle(module, tmp_path, monkeypatch, capsys):
    """Return a function that runs the module on a folder and returns what it says."""

    def run(**arguments):
        given = {"folder": str(tmp_path), **arguments}
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode())
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy")
        with pytest.raises(SystemExit):
            module.main()
        return json.loads(capsys.readouterr().out)

    return run


def test_secret_is_written_for_its_owner_alone_and_read_back(module, tmp_path):
    path = tmp_path / "postgres_password"
    assert module.read_secret(path) is None
    module.write_secret(path, "s3cret")
    assert path.stat().st_mode & 0o777 == 0o400
    assert module.read_secret(path) == "s3cret"
    assert [entry.name for entry in tmp_path.iterdir()] == ["postgres_password"]


def test_secret_is_generated_once(settle):
    first = settle(given={"a": None, "b": None})
    assert first["changed"]
    assert first["generated"] == ["a", "b"]
    assert min(map(len, first["secrets"].values())) >= 32
    assert first["secrets"]["a"] != first["secrets"]["b"]
    assert settle(given={"a": None, "b": None}) == {**first, "changed": False, "generated": []}


def test_given_secret_replaces_the_one_in_force_and_stays_when_it_is_given_no_more(settle, tmp_path):
    generated = settle(given={"a": None})["secrets"]["a"]
    given = settle(given={"a": "given"})
    assert (given["changed"], given["secrets"], given["previous"]) == (True, {"a": "given"}, {"a": [generated]})
    again = settle(given={"a": None})
    assert (again["changed"], again["secrets"], again["previous"]) == (False, {"a": "given"}, {"a": [generated]})
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o400}


def test_secret_that_others_may_read_is_guarded_again_and_stays_the_same(settle, tmp_path):
    settle(given={"a": None})
    settle(given={"a": "given"})
    for name in ("a", "a.previous"):
        (tmp_path / name).chmod(0o444)
        told = settle(given={"a": None}, _ansible_check_mode=True)
        assert (told["changed"], (tmp_path / name).stat().st_mode & 0o777) == (True, 0o444)
        told = settle(given={"a": None})
        assert (told["changed"], told["secrets"]) == (True, {"a": "given"})
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o400
    assert not settle(given={"a": None})["changed"]


def test_named_secret_alone_is_generated_anew(settle):
    before = settle(given={"a": None, "b": None})["secrets"]
    after = settle(given={"a": None, "b": None}, renew=["a"])
    assert after["generated"] == ["a"]
    assert after["secrets"]["a"] != before["a"]
    assert after["secrets"]["b"] == before["b"]
    assert after["previous"] == {"a": [before["a"]]}


def test_last_three_before_are_kept_newest_first(settle):
    for value in ("1", "2", "3", "4", "5"):
        told = settle(given={"a": value})
    assert told["previous"] == {"a": ["4", "3", "2"]}


@pytest.mark.parametrize("renew", ["given", "unknown"])
def test_what_cannot_be_generated_anew_is_refused_and_nothing_is_written(settle, tmp_path, renew):
    assert settle(given={"given": "x", "other": None}, renew=[renew, "other"])["failed"]
    assert list(tmp_path.iterdir()) == []


def test_preview_writes_nothing(settle, tmp_path):
    told = settle(given={"a": None}, _ansible_check_mode=True)
    assert told["changed"]
    assert list(tmp_path.iterdir()) == []
