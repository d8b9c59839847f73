"""An installation that is under way does not count as interrupted. An engine that lacks new settings is recognised."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

HOLD = (
    "import fcntl, sys; f = open(sys.argv[1], 'r+b'); fcntl.lockf(f, fcntl.LOCK_EX); print('held', flush=True); input()"
)


@pytest.fixture
def info(load, tmp_path, monkeypatch):
    """Return the module, on a dpkg whose newest package is half-configured."""
    module = load("docker/library/docker_engine_info")
    for name in ("lock-frontend", "lock"):
        (tmp_path / name).touch()
    monkeypatch.setattr(module, "DPKG_LOCKS", (str(tmp_path / "lock-frontend"), str(tmp_path / "lock")))
    monkeypatch.setattr(module, "DPKG_UPDATES", str(tmp_path / "none"))
    return module


def dpkg(state):
    return SimpleNamespace(run_command=lambda _command: (0, f"installed\n{state}\n", ""))


def test_package_that_is_half_configured_was_interrupted(info):
    assert info.installation_interrupted(dpkg("half-configured"))
    assert not info.installation_interrupted(dpkg("installed"))


@pytest.mark.parametrize("number", [0, 1])
def test_package_that_somebody_configures_just_now_was_not(info, number):
    words = [sys.executable, "-c", HOLD, info.DPKG_LOCKS[number]]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        holder.stdout.readline()
        assert not info.installation_interrupted(dpkg("half-configured"))
        holder.communicate("\n")
    assert info.installation_interrupted(dpkg("half-configured"))


@pytest.mark.parametrize("seconds", [-86400, 86400])
def test_settings_that_claim_another_time_are_pending_until_the_engine_starts(info, tmp_path, monkeypatch, seconds):
    settings, pid = tmp_path / "daemon.json", tmp_path / "docker.pid"
    monkeypatch.setattr(info, "SETTINGS_FILE", str(settings))
    monkeypatch.setattr(info, "PID_FILE", str(pid))
    pid.touch()
    time.sleep(0.02)
    settings.touch()
    os.utime(settings, (time.time() + seconds,) * 2)
    assert info.settings_pending()
    time.sleep(0.02)
    pid.touch()
    assert not info.settings_pending()
