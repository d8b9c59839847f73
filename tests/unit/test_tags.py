"""Whatever tag may make a container anew brings its settings along: old ones may name other places of its data."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROLES = Path(__file__).parents[2] / "roles"


@pytest.mark.parametrize("role", ["postgres", "redis"])
def test_every_tag_of_a_container_writes_its_settings(role):
    tasks = yaml.safe_load((ROLES / role / "tasks/main.yml").read_text())
    tags = {task["name"]: set(task["tags"]) for task in tasks}
    writing = [name for name in tags if name.startswith("Write the ")]
    assert writing
    for name in writing:
        assert tags[name] == tags["Run the container"]
