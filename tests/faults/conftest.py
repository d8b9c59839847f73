"""The tests of what goes wrong use the scenario's one host."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from scenario_host import deploy, host, inventory, play, start  # noqa: E402, F401
