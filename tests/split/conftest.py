"""The tests use both of the scenario's hosts: one carries PostgreSQL, the other Redis."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

# It has tests of its own, which are to be run where they are copied to.
collect_ignore = ["third_server"]

pytest_plugins = ["scenario_host"]
