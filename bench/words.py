"""The project's own words, run as a person runs them, and what their output tells."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from bench.hosts import ROOT
from bench.process import Finished, run

# Its table at the end names every task with its seconds.
PROFILED = {"ANSIBLE_CALLBACKS_ENABLED": "outcome,profile_tasks", "PROFILE_TASKS_TASK_OUTPUT_LIMIT": "all"}


def jarvis(word: str, inventory: Path, *options: str, profiled: bool = False, watched: bool = False) -> Finished:
    """Run a word on the hosts of an inventory, with connections that are opened for this run alone."""
    with tempfile.TemporaryDirectory(prefix="jarvis-") as sockets:
        environment = {"ANSIBLE_SSH_CONTROL_PATH_DIR": sockets, "ANSIBLE_FORCE_COLOR": "false", "COLUMNS": "200"}
        command = [str(ROOT / "jarvis"), word, "-i", str(inventory), *options]
        return run(command, environment={**environment, **(PROFILED if profiled else {})}, watched=watched)


def executed_tasks(output: str) -> int:
    """Return how many tasks a run executed on its hosts, by the recap; the most that a host has."""
    recap = output.rsplit("PLAY RECAP", 1)[-1]
    return max(int(count) for count in re.findall(r"^\S+ +: ok=(\d+) ", recap, re.MULTILINE))


def changed_hosts(output: str) -> list[str]:
    """Return the names of the hosts on which a run changed something, by the recap."""
    recap = output.rsplit("PLAY RECAP", 1)[-1]
    return re.findall(r"^(\S+) +: ok=\d+ +changed=[1-9]", recap, re.MULTILINE)


def longest(tasks: dict[str, float], count: int) -> str:
    """Return the names of the tasks that took the longest, with their seconds."""
    ordered = sorted(tasks.items(), key=lambda task: -task[1])
    return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in ordered[:count])


def task_seconds(output: str) -> dict[str, float]:
    """Return {task: seconds} of a profiled run; tasks of the same name are added."""
    table = output.rsplit("TASKS RECAP", 1)[-1]
    found: dict[str, float] = {}
    for name, seconds in re.findall(r"^(\S.*?) -+ +([\d.]+)s$", table, re.MULTILINE):
        found[name] = found.get(name, 0.0) + float(seconds)
    return found
