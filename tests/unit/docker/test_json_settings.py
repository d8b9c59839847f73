"""Settings of others in the same file are kept."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def settings(load):
    return load("docker/library/json_settings")


def test_other_keys_are_kept_and_ours_win(settings):
    assert settings.merged(
        {"data-root": "/data", "live-restore": False, "log-opts": {"max-size": "1g", "tag": "x"}},
        {"live-restore": True, "log-opts": {"max-size": "10m"}},
    ) == {"data-root": "/data", "live-restore": True, "log-opts": {"max-size": "10m", "tag": "x"}}


def test_object_replaces_a_plain_value(settings):
    assert settings.merged({"log-opts": "x"}, {"log-opts": {"a": 1}}) == {"log-opts": {"a": 1}}


@pytest.mark.parametrize(("text", "found"), [("", {}), (" \n", {}), ('{"a": 1}', {"a": 1})])
def test_empty_file_counts_as_no_settings(settings, tmp_path, text, found):
    path = tmp_path / "daemon.json"
    path.write_text(text)
    assert settings.read_object(path) == (text, found)


def test_missing_file_counts_as_no_settings(settings, tmp_path):
    assert settings.read_object(tmp_path / "none.json") == ("", {})


@pytest.mark.parametrize("text", ["{broken", "[1]"])
def test_broken_file_is_not_read_as_empty(settings, tmp_path, text):
    path = tmp_path / "daemon.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r".+"):
        settings.read_object(path)
