"""The table that a run ends with, for a terminal of 100 columns, and the same in Markdown."""

from __future__ import annotations

import textwrap

from bench.measure import Figure, Section, with_spread, written

COLUMNS = 100
WIDTHS = (31, 22, 22, 6, 8)
HEAD = ("", "ours", "anchor", "ratio", "aim")


def cells(figure: Figure) -> list[str]:
    """Return what each column shows, and whether the aim is met behind it."""
    return [
        f"{figure.what}, {figure.unit}",
        with_spread(figure.ours),
        with_spread(figure.anchor) if figure.anchor else "",
        written(figure.ratio) if figure.ratio is not None else "",
        str(figure.aim) if figure.aim else "",
        {True: "met", False: "UNMET", None: ""}[figure.met],
    ]


def line(columns: list[str]) -> str:
    """Return one line; a name that is too long for its column goes above it."""
    first, *rest = columns
    shown = " ".join(f"{text:>{width}}" for text, width in zip(rest, WIDTHS[1:], strict=False))
    verdict = f" {columns[-1]}" if len(columns) > len(WIDTHS) else ""
    if len(first) > WIDTHS[0]:
        return f"{first}\n{'':{WIDTHS[0]}} {shown}{verdict}".rstrip()
    return f"{first:{WIDTHS[0]}} {shown}{verdict}".rstrip()


def for_terminal(sections: list[Section]) -> str:
    """Return all sections; medians, and the least and the greatest in brackets."""
    lines = []
    for section in sections:
        lines += ["", section.title, *textwrap.wrap(f"anchor: {section.anchor}", COLUMNS), line(list(HEAD))]
        lines += [line(cells(figure)) for figure in section.figures]
        for note in section.notes:
            lines += textwrap.wrap(note, COLUMNS, initial_indent="- ", subsequent_indent="  ")
    return "\n".join(lines[1:])


def for_document(section: Section) -> str:
    """Return one section as Markdown."""
    lines = [f"Anchor: {section.anchor}", "", f"| {' | '.join(HEAD)} | |", "|---|---:|---:|---:|---:|---|"]
    lines += [f"| {' | '.join(cells(figure))} |" for figure in section.figures]
    if section.notes:
        lines += ["", *(f"- {note}" for note in section.notes)]
    return "\n".join(lines)
