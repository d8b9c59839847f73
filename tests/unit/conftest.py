"""Make the roles' own Python importable as Ansible does: module utilities by name, modules and filters by file."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import ansible.module_utils
import pytest

PROJECT = Path(__file__).parents[2]
ROLES = PROJECT / "roles"

ansible.module_utils.__path__ += [
    str(folder) for folder in (*ROLES.glob("*/module_utils"), PROJECT / "playbooks/module_utils")
]


@pytest.fixture(scope="session")
def load():
    """Return a function that imports a Python file of a role, such as C(redis/library/redis_live_config)."""

    def load_file(path):
        spec = importlib.util.spec_from_file_location(Path(path).name, ROLES / f"{path}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load_file
