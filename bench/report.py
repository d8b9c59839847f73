"""docs/performance.md, which a full run writes, with its plots beside it."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from bench.hosts import ROOT
from bench.measure import Section
from bench.plots import svg
from bench.table import for_document

REPORT = ROOT / "docs/performance.md"
PLOTS = ROOT / "docs/performance"
HEAD = """# Performance

What `./jarvis bench` measured on {machine}, {date}, at commit {commit}. It writes this page; do not edit it.

Each figure stands beside its anchor's of the same run: both take turns, so that whatever else the machine does is in
both. Shown is the median and, in brackets, the least and the greatest; the ratio is the median of the ratios of each
round. Ratios carry over to other machines, times do not. All hosts are systemd containers of one machine, whose
processors the controller shares with them. More of the schema: [bench/README.md](../bench/README.md), of the logs:
[bench/growth.md](../bench/growth.md).
"""


def machine() -> str:
    """Return the kind of this machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"a machine with {os.cpu_count()} cores and {memory:.0f} GiB of memory"


def commit() -> str:
    """Return the commit that was measured, and whether files differ from it."""
    git = ["git", "-C", str(ROOT)]
    name = subprocess.run([*git, "rev-parse", "--short", "HEAD"], check=False, capture_output=True, text=True).stdout
    others = [*git, "status", "--porcelain", "--", ".", ":!docs/performance*"]
    changed = subprocess.run(others, check=False, capture_output=True, text=True).stdout
    return f"`{name.strip()}`{', with changes' if changed.strip() else ''}"


def document(sections: list[Section], head: str) -> str:
    """Return the page."""
    parts = [head]
    for section in sections:
        parts += [f"## {section.title}\n", for_document(section), ""]
        for curve in section.curves:
            parts.append(f"![{curve.y} by {curve.x}: {', '.join(curve.lines)}](performance/{curve.name}.svg)\n")
    return "\n".join(parts)


def write(sections: list[Section]) -> Path:
    """Write the page and its plots; return the page's path."""
    PLOTS.mkdir(exist_ok=True)
    for section in sections:
        for curve in section.curves:
            (PLOTS / f"{curve.name}.svg").write_text(svg(curve))
    head = HEAD.format(machine=machine(), date=time.strftime("%Y-%m-%d"), commit=commit())
    REPORT.write_text(document(sections, head))
    return REPORT
