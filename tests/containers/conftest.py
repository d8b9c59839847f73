"""Containers that do not work, and the module that waits for them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import ansible.module_utils
import pytest

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"
sys.path[:0] = [str(Path(__file__).parent), str(PLAYBOOKS / "library")]

from waiting_containers import Container, Waited, remove_all  # noqa: E402

RUN_MODULE = Path(__file__).parents[1] / "run_module.py"

ansible.module_utils.__path__.append(str(PLAYBOOKS / "module_utils"))


@pytest.fixture(scope="session")
def nothing_left():
    """Begin without containers and volumes of an interrupted run."""
    remove_all()


@pytest.fixture(autouse=True)
def removed(nothing_left):
    """Remove what a test made. A container that stays would be started and checked several times a second."""
    yield
    remove_all()


def image_from(variable):
    """Return the image that the variable names, or end the run: a test that cannot run must not look passed."""
    if not os.environ.get(variable):
        pytest.exit(f"{variable} is not set: name the image to test, such as jarvis/postgres:16.14-0123abcd", 2)
    return os.environ[variable]


@pytest.fixture
def postgres():
    """Return a container of PostgreSQL that is not started."""
    return Container(image_from("JARVIS_TEST_POSTGRES_IMAGE"))


@pytest.fixture
def redis():
    """Return a container of Redis that is not started."""
    return Container(image_from("JARVIS_TEST_REDIS_IMAGE"))


@pytest.fixture
def wait():
    """Return a function that waits for a container as the roles do, by default far longer than a test may take."""

    def wait_for(container, timeout=600, **options):
        arguments = {"name": container.name, "timeout": timeout, "timeout_variable": "some_timeout_seconds", **options}
        done = subprocess.run(
            [sys.executable, RUN_MODULE, "container_health"],
            input=json.dumps(arguments),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.stdout, done.stderr
        return Waited(json.loads(done.stdout))

    return wait_for
