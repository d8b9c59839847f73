"""The tests' own runner leaves nothing out, and one part that fails makes the whole run fail."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def test_every_scenario_is_run() -> None:
    listed = re.findall(r"^(?:SCENARIOS=')?molecule (\w+)'?$", (PROJECT / "tests/run").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(path.parent.name for path in PROJECT.glob("molecule/*/molecule.yml"))


def test_failed_parts_are_named_at_the_end_and_fail_the_run() -> None:
    done = subprocess.run(
        ["tests/run", "side_by_side"],
        cwd=PROJECT,
        input="nowhere\nelsewhere\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert re.search(r"== Failed: (nowhere,elsewhere|elsewhere,nowhere) \(\S+\)\n\Z", done.stdout)
    assert "there is no part 'nowhere'" in done.stdout
