"""A program that is run to its end: how long it took, how much processor time, and how much memory at its peak."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SAMPLED_EVERY = 0.2  # seconds; each look at /proc takes a few milliseconds itself
PAGE_KB = os.sysconf("SC_PAGESIZE") // 1024
PARENT, RESIDENT = 1, 21  # fields of /proc/<pid>/stat behind the name, which may hold spaces


@dataclass(frozen=True)
class Finished:
    """How a program ended. CPU is that of the program and of all children that it waited for."""

    code: int
    output: str
    seconds: float
    cpu_seconds: float
    peak_mb: float


def resident_kb_of_tree(root: int, processes: dict[int, tuple[int, int]]) -> int:
    """Return the resident memory of a process and all below it, of {pid: (parent, resident kB)}.

    What processes share is counted in each.
    """
    children = defaultdict(list)
    for pid, (parent, _) in processes.items():
        children[parent].append(pid)
    total, left = 0, [root]
    while left:
        pid = left.pop()
        total += processes[pid][1] if pid in processes else 0
        left += children[pid]
    return total


def processes_of_machine() -> dict[int, tuple[int, int]]:
    """Return {pid: (parent, resident kB)} of all processes."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        found[int(path.parent.name)] = (int(fields[PARENT]), int(fields[RESIDENT]) * PAGE_KB)
    return found


class Watch(threading.Thread):
    """Looks at the memory of a process and its children until it is told to stop."""

    def __init__(self, pid: int) -> None:
        """Begin with the process itself."""
        super().__init__(daemon=True)
        self.pid = pid
        self.peak_kb = 0
        self.ended = threading.Event()

    def run(self) -> None:
        """Keep the greatest."""
        while not self.ended.wait(SAMPLED_EVERY):
            self.peak_kb = max(self.peak_kb, resident_kb_of_tree(self.pid, processes_of_machine()))


def run(
    command: list[str],
    *,
    folder: Path | None = None,
    environment: dict[str, str] | None = None,
    stdin: Path | None = None,
    watched: bool = False,
) -> Finished:
    """Run a program; C(watched) looks at its memory meanwhile. A failure raises RuntimeError with what it printed."""
    began = time.monotonic()
    with open(stdin or os.devnull, "rb") as given:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    watch = Watch(process.pid) if watched else None
    if watch:
        watch.start()
    try:
        output = process.stdout.read().decode(errors="replace")
    except BaseException:
        # Whoever ends the bench ends what it runs.
        process.terminate()
        raise
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    if watch:
        watch.ended.set()
        watch.join()
    process.stdout.close()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit status {process.returncode}\n{output}")
    return Finished(
        code=process.returncode,
        output=output,
        seconds=seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mb=watch.peak_kb / 1024 if watch else 0.0,
    )


def seconds_of(act: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.monotonic()
    act()
    return time.monotonic() - began
