"""An old engine shows our own pause for a moment after its end. This is not taken for a pause by somebody else."""

from __future__ import annotations

import pytest


@pytest.fixture
def module(load, monkeypatch):
    """Return the module, with an engine that shows a container in one state after another, and stays with the last."""
    health = load("../playbooks/library/container_health")
    states = []

    def find(_path):
        status = states.pop(0) if len(states) > 1 else states[0]
        state = {"Status": status, "Health": {"Status": "healthy"}, "ExitCode": 0, "StartedAt": "2026-01-02T03:04:05Z"}
        return {"Name": "/jarvis-redis", "RestartCount": 0, "State": state}

    monkeypatch.setattr(health.engine, "find", find)
    monkeypatch.setattr(health, "lines_since_start", lambda _container: [])
    health.shows = states.extend
    return health


def test_pause_of_our_own_passes(module):
    module.shows(["paused", "paused", "running"])
    module.wait("jarvis-redis", 5, "some_timeout_seconds", paused_seconds=5)


def test_pause_of_somebody_else_ends_the_wait(module):
    module.shows(["paused", "paused", "running"])
    with pytest.raises(module.NeverHealthyError, match="is paused"):
        module.wait("jarvis-redis", 5, "some_timeout_seconds")


def test_pause_that_lasts_ends_the_wait(module):
    module.shows(["paused"])
    with pytest.raises(module.NeverHealthyError, match="is paused"):
        module.wait("jarvis-redis", 5, "some_timeout_seconds", paused_seconds=0.2)
