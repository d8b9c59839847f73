"""A first deployment: a bare host until it is healthy and proven, beside a script that does the same by hand."""

from __future__ import annotations

from bench.lab import Lab
from bench.measure import Aim, Figure, Section, interleaved
from bench.words import longest, task_seconds

PROOF = ("Run the tests of tests/infra", "look : Record what was proven")
NAMED = 8  # tasks


def measure(lab: Lab) -> Section:
    """Deploy bare hosts both ways in turn."""
    tasks: list[dict[str, float]] = []
    proven: list[float] = []

    def ours() -> float:
        done = lab.deploy_bare()
        tasks.append(task_seconds(done.output))
        proven.append(done.seconds)
        return done.seconds - sum(tasks[-1].get(name, 0.0) for name in PROOF)

    found = interleaved({"ours": ours, "by hand": lab.deploy_by_hand}, 1 if lab.quick else 3)
    return Section(
        "First deployment of a bare host",
        "a shell script with the same packages, images and migrations, over SSH (bench/by_hand/first.sh)",
        [
            Figure("until healthy", "s", found["ours"], found["by hand"], Aim(1.5)),
            Figure("until proven", "s", proven, found["by hand"]),
        ],
        [f"{len(tasks[-1])} tasks were run or skipped. The longest: {longest(tasks[-1], NAMED)}."],
    )
