"""A container whose health is not checked any more does not count as healthy."""

from __future__ import annotations

import os
import time

import pytest
from ansible.module_utils import container_watch as watch

NOW = 1_800_000_000


def stamp(seconds_ago):
    return time.strftime("%Y-%m-%dT%H:%M:%S.5Z", time.gmtime(NOW - seconds_ago))


def container(started, *checks, status="running"):
    return {
        "State": {
            "Status": status,
            "StartedAt": stamp(started),
            "Health": {"Status": "healthy", "Log": [{"End": stamp(ago)} for ago in checks]},
        },
        "Config": {"Healthcheck": {"Interval": 5 * 10**9, "Timeout": 5 * 10**9}},
    }


@pytest.fixture(autouse=True)
def engine_started(tmp_path, monkeypatch):
    """Pretend that the engine started an hour ago, or at the time that a test says."""
    path = tmp_path / "docker.pid"
    path.write_text("1")

    def ago(seconds):
        os.utime(path, (NOW - seconds, NOW - seconds))

    monkeypatch.setattr(watch, "PID_FILE", str(path))
    ago(3600)
    return ago


@pytest.mark.parametrize("watched", [container(1800, 12, 7, 2), container(3), container(1800, 1000, status="exited")])
def test_recent_checks_go_on(watched):
    assert watch.is_watched(watched, NOW)


def test_container_without_a_check_has_none_that_could_cease():
    without = container(1800)
    del without["State"]["Health"]
    assert watch.is_watched(without, NOW)


def test_silence_is_no_health():
    assert not watch.is_watched(container(1800, 60, 55, 50), NOW)


def test_first_check_that_never_comes_is_missed():
    assert not watch.is_watched(container(60), NOW)


def test_what_was_seen_before_the_engine_started_counts_for_nothing(engine_started):
    engine_started(4)
    assert not watch.is_watched(container(1800, 8), NOW)
    assert watch.is_watched(container(1800, 8, 3), NOW)
