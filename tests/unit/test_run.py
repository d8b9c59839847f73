"""The test runner leaves nothing out, and if one part fails, the whole run fails."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def test_every_scenario_is_run() -> None:
    listed = re.findall(r"^(?:SCENARIOS=')?molecule (\w+)'?$", (PROJECT / "tests/run").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(path.parent.name for path in PROJECT.glob("molecule/*/molecule.yml"))


def test_failed_parts_are_shown_and_named_at_the_end_and_fail_the_run(tmp_path: Path) -> None:
    molecule = tmp_path / "molecule"
    molecule.write_text("#!/bin/sh\necho '=== short test summary info ==='\necho FAILED test_of_$3\nseq 40\nexit 1\n")
    molecule.chmod(0o755)
    done = subprocess.run(
        ["tests/run", "side_by_side"],
        cwd=PROJECT,
        env={**os.environ, "JARVIS_TEST_MACHINE_READY": "yes", "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        input="nowhere\nmachine ready\nmolecule fake\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert re.search(r"== Failed: (nowhere,molecule fake|molecule fake,nowhere) \(\S+\)\n\Z", done.stdout)
    while_they_ran, at_the_end = done.stdout.split("== Output of what failed", 1)
    assert "== Done: machine ready" in while_they_ran
    assert "there is no part" not in while_they_ran
    assert "there is no part 'nowhere'" in at_the_end
    # The last lines alone have to say what failed.
    assert "FAILED test_of_fake" in at_the_end.split("== Failed tests: molecule fake", 1)[1]
