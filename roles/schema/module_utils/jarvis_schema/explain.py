"""Tell an error of the server in terms of the file."""

import unicodedata

from .errors import redact
from .files import Migration
from .lint import position
from .splitter import Statement


def _width(text: str) -> int:
    """Return how many columns a terminal shows for `text`."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def explain(migration: Migration, statement: Statement, error) -> str:
    """Return `0005_x.sql:3:53: ERROR: … [42601]`, the source line with a caret, and the server's advice.

    If the psycopg2 error names no position, the statement's own is taken.
    """
    diag = error.diag
    offset = statement.offset
    if diag.statement_position:
        # Counted by the server in characters from 1, so multibyte text needs no care here.
        offset += int(diag.statement_position) - 1
    line, column = position(migration.text, offset)
    source = migration.text.split("\n")[line - 1]
    before = source[: column - 1]
    margin = f"{line:>5} | "
    shown = redact(source)
    lines = [
        f"{migration.name}:{line}:{column}: {diag.severity or 'ERROR'}: "
        f"{diag.message_primary or str(error).strip().splitlines()[0]} [{error.pgcode or 'connection lost'}]",
        margin + shown,
    ]
    if shown == source:  # a hidden password moves the columns
        padding = "".join("\t" if char == "\t" else " " * _width(char) for char in before)
        lines.append(" " * 5 + " | " + padding + "^")
    for label, text in (("DETAIL", diag.message_detail), ("HINT", diag.message_hint), ("CONTEXT", diag.context)):
        if text:
            lines.append(f"{label}: {text}")
    return redact("\n".join(lines))
