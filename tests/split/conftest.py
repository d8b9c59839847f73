"""The tests use both of the scenario's hosts: one carries PostgreSQL, the other Redis."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

# The third server's own tests are not run here, but in the copy of the project.
collect_ignore = ["third_server"]

pytest_plugins = ["scenario_host"]
