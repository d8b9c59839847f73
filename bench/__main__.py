"""Measure everything side by side with its anchor, and show one table: ./jarvis bench [--quick] [--only SECTION]."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from bench import first, fleets, growing, report, rerun, servers, verification
from bench.hosts import CACHE, ROOT, Hosts
from bench.lab import Lab
from bench.measure import Section
from bench.process import run
from bench.table import for_terminal

FAILED = "FAILED: "  # what the note of a section begins with that could not be measured
# In the order of the run. The servers' speed fills the database, so it comes after what wants a proven host.
SECTIONS: dict[str, Callable[[Lab], Section]] = {
    "first": first.measure,
    "rerun": rerun.measure,
    "verification": verification.measure,
    "fleets": fleets.measure,
    "servers": servers.measure,
    "growth": growing.measure,
}


def options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="./jarvis bench", description=__doc__.partition(":")[0])
    quick = "fewer rounds and sizes, about five minutes; without it, docs/performance.md is written, too"
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--only", action="append", choices=SECTIONS, help="a section; may be given several times")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures into a file, too")
    return parser.parse_args()


def measure(lab: Lab, names: list[str]) -> list[Section]:
    """Return what each section finds; one that fails says so, and the others go on."""
    sections = []
    for name in names:
        try:
            sections.append(SECTIONS[name](lab))
        except Exception as error:  # what failed is told, and ends the run with status 1
            traceback.print_exc()
            sections.append(Section(name, "none", notes=[f"{FAILED}{str(error).splitlines()[0]}"]))
    return sections


def main() -> int:
    """Measure and show."""
    asked = options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not os.environ.get("JARVIS_TEST_MACHINE_READY"):
        print("Preparing this machine: engine, images, test hosts", file=sys.stderr, flush=True)
        run([str(ROOT / "tests/run"), "machine"])
    CACHE.mkdir(exist_ok=True)
    hosts = Hosts()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=CACHE) as folder:
        try:
            lab = Lab(hosts, Path(folder), asked.quick)
            sections = measure(lab, [name for name in SECTIONS if not asked.only or name in asked.only])
        finally:
            # A second Ctrl-C would leave hosts behind.
            for second in (signal.SIGINT, signal.SIGTERM):
                signal.signal(second, signal.SIG_IGN)
            hosts.remove_all()
    print(for_terminal(sections))
    has_failed = any(note.startswith(FAILED) for section in sections for note in section.notes)
    # A page of a part would lose the others.
    if not (asked.quick or asked.only or has_failed):
        print(f"\nWritten: {report.write(sections).relative_to(ROOT)}")
    print(f"\n{time.monotonic() - lab.began:.0f} s in all")
    if asked.json:
        asked.json.write_text(json.dumps([dataclasses.asdict(section) for section in sections], indent=1) + "\n")
    return int(has_failed)


if __name__ == "__main__":
    sys.exit(main())
