"""A process of our container that runs without its engine is recognised as ours, and no other process is."""

from __future__ import annotations

import json
import os

import pytest
from ansible.module_utils import data_observation as observation

ID = "0123456789abcdef" * 4
OWN = os.getpid()


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Return a function that writes an engine's files about a container, and the control group of its process."""
    monkeypatch.setattr(observation, "data_root", lambda: str(tmp_path))

    def write(name="/jarvis-redis", pid=OWN, group=f"0::/system.slice/docker-{ID}.scope"):
        folder = tmp_path / "containers" / ID
        folder.mkdir(parents=True)
        (folder / "config.v2.json").write_text(json.dumps({"ID": ID, "Name": name, "State": {"Pid": pid}}))
        (tmp_path / "cgroup").write_text(group)
        monkeypatch.setattr(observation, "CONTROL_GROUP", str(tmp_path / "cgroup"))

    return write


def test_process_of_our_container_is_known_without_its_engine(kept):
    kept()
    assert observation.unattended_process("jarvis-redis") == os.getpid()


@pytest.mark.parametrize(
    "other", [{"name": "/shop-redis"}, {"group": "0::/user.slice"}, {"pid": 0, "group": ""}, {"pid": None, "group": ""}]
)
def test_process_of_somebody_else_is_not_ours(kept, other):
    kept(**other)
    assert observation.unattended_process("jarvis-redis") is None


def test_engine_without_containers_has_none(tmp_path, monkeypatch):
    monkeypatch.setattr(observation, "data_root", lambda: str(tmp_path / "[none]"))
    assert observation.unattended_process("jarvis-redis") is None
