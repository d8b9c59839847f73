"""The table is readable in 100 columns."""

from __future__ import annotations

from bench.measure import Aim, Figure, Section
from bench.table import for_document, for_terminal

SECTION = Section(
    "Nothing to do",
    "the old setup",
    [
        Figure("deploy", "s", [2.5, 2.7, 2.6], [1.3, 1.3, 1.3], Aim(3)),
        Figure("tasks", "count", [7.0], aim=Aim(6, of_ratio=False)),
        Figure("a question with a name that is longer than its column", "ms", [12345.0], [1000.0]),
    ],
    ["A sentence of " + "many words " * 12],
)


def test_terminal_shows_a_line_a_figure_beside_its_anchor():
    assert for_terminal([SECTION]).splitlines() == [
        "Nothing to do",
        "anchor: the old setup",
        "                                                  ours                 anchor  ratio      aim",
        "deploy, s                             2.60 (2.50-2.70)       1.30 (1.30-1.30)   2.00    <= 3x met",
        "tasks, count                                      7.00                                   <= 6 UNMET",
        "a question with a name that is longer than its column, ms",
        "                                                12,345                  1,000   12.3",
        "- A sentence of many words many words many words many words many words many words many words many",
        "  words many words many words many words many words",
    ]


def test_document_shows_the_same_as_a_table_of_markdown():
    assert for_document(SECTION).splitlines()[:5] == [
        "Anchor: the old setup",
        "",
        "|  | ours | anchor | ratio | aim | |",
        "|---|---:|---:|---:|---:|---|",
        "| deploy, s | 2.60 (2.50-2.70) | 1.30 (1.30-1.30) | 2.00 | <= 3x | met |",
    ]
