"""The tests of the look use the scenario's hosts, deployed and proven, with encryption at 127.0.0.1."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from proven_host import WANTED, recorded_facts  # noqa: E402

pytest_plugins = ["scenario_host"]


@pytest.fixture(scope="session")
def deployment(play):
    """Return a function that deploys and proves, as a person does."""

    def run_site(*arguments, **variables):
        return play("site.yml", *arguments, **{**WANTED, **variables})

    return run_site


@pytest.fixture(scope="session")
def look(play):
    """Return a function that only looks, without changing anything, and returns its run."""

    def run_look(**variables):
        run = play("tests/look/look.yml", "--check", **{**WANTED, **variables})
        assert run.code == 0
        return run

    return run_look


@pytest.fixture(scope="module")
def proven(deployment, host):
    """Have the host deployed and proven."""
    assert deployment().code == 0
    assert recorded_facts(host)
