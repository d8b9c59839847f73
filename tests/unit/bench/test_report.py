"""The page that a whole run writes has every section with its plots."""

from __future__ import annotations

from bench.measure import Curve, Figure, Section
from bench.report import document


def test_page_has_every_section_with_its_table_notes_and_plots():
    section = Section(
        "Several hosts",
        "one host",
        [Figure("5 hosts", "s", [6.0], [3.0])],
        ["Hosts share the processors."],
        [Curve("fleets", "hosts", "seconds", {"nothing to do": {1: 3.0, 5: 6.0}})],
    )
    assert document([section], "# Performance\n").splitlines() == [
        "# Performance",
        "",
        "## Several hosts",
        "",
        "Anchor: one host",
        "",
        "|  | ours | anchor | ratio | aim | |",
        "|---|---:|---:|---:|---:|---|",
        "| 5 hosts, s | 6.00 | 3.00 | 2.00 |  |  |",
        "",
        "- Hosts share the processors.",
        "",
        "![seconds by hosts: nothing to do](performance/fleets.svg)",
    ]
