#!/usr/bin/env python3
"""Print apt lines for another suite of this host's distribution, from the host's own mirrors.

Usage: apt_sources.py SUITE        (for instance bookworm, on any Debian host)
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import NamedTuple

APT = Path("/etc/apt")
OS_RELEASE = Path("/etc/os-release")
# Names that Debian may use for a release besides its code name.
ALIASES = ("stable", "oldstable", "oldoldstable")
POCKETS = ("", "-updates", "-security")
COMPONENTS = {"debian": ("main",), "ubuntu": ("main", "universe")}


class Source(NamedTuple):
    """A source of packages: its address, suite and components, and the key that signs it."""

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str


def parse_one_line(text: str) -> list[Source]:
    """Return the binary sources of a `sources.list` file."""
    sources = []
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)", line)
        if match:
            options, uri, suite, components = match.groups()
            signed_by = re.search(r"signed-by=(\S+)", options or "", re.IGNORECASE)
            sources.append(Source(uri, suite, tuple(components.split()), signed_by[1] if signed_by else ""))
    return sources


def parse_deb822(text: str) -> list[Source]:
    """Return the enabled binary sources of a deb822 `.sources` file."""
    sources = []
    text = re.sub(r"^#.*\n?", "", text, flags=re.MULTILINE)
    for stanza in re.split(r"\n\s*\n", text):
        folded = re.sub(r"\n[ \t]+", " ", stanza.strip())
        pairs = (line.partition(":") for line in folded.splitlines() if ":" in line)
        fields = {name.strip().lower(): value.strip() for name, _, value in pairs}
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in ("no", "false"):
            continue
        signed_by = fields.get("signed-by", "")
        sources += [
            # A key that is written into the file itself does not fit on one line. Then the host's key rings decide.
            Source(uri, suite, tuple(fields.get("components", "").split()), signed_by if signed_by[:1] == "/" else "")
            for uri in fields.get("uris", "").split()
            for suite in fields.get("suites", "").split()
        ]
    return sources


def read_sources(apt: Path = APT) -> list[Source]:
    """Return the sources with which apt on this host is configured, in apt's order."""
    sources = []
    for path in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]:
        if path.suffix == ".list" and path.is_file():
            sources += parse_one_line(path.read_text(encoding="utf-8"))
        elif path.suffix == ".sources":
            sources += parse_deb822(path.read_text(encoding="utf-8"))
    return sources


def lines_for(suite: str, sources: list[Source], codename: str, distribution: str) -> list[str]:
    """Return apt lines for `suite` from the same mirrors as those of `codename`.

    Raises ValueError if none of the sources carries the distribution itself.
    """
    wanted = COMPONENTS[distribution]
    names = (codename, *(ALIASES if distribution == "debian" else ()))
    pockets = {f"{name}{pocket}": pocket for name in names for pocket in POCKETS}
    lines = []
    for source in sources:
        if source.uri.startswith("cdrom:") or "main" not in source.components or source.suite not in pockets:
            continue
        options = f"[signed-by={source.signed_by}] " if source.signed_by else ""
        lines.append(f"deb {options}{source.uri} {suite}{pockets[source.suite]} {' '.join(wanted)}")
    if not any(f" {suite} " in line for line in lines):
        raise ValueError(
            f"apt on this host has no source of {codename} with the component main; "
            "add the distribution's mirror to /etc/apt/sources.list, or take the images from an archive"
        )
    return list(dict.fromkeys(lines))


def main() -> None:
    """Print the lines, or say on stderr what is missing."""
    pairs = (line.split("=", 1) for line in OS_RELEASE.read_text(encoding="utf-8").splitlines() if "=" in line)
    release = {name: value.strip("\"'") for name, value in pairs}
    try:
        print("\n".join(lines_for(sys.argv[1], read_sources(), release["VERSION_CODENAME"], release["ID"])))
    except (KeyError, ValueError) as error:
        sys.exit(f"No mirror to build from: {error}")


if __name__ == "__main__":
    main()
