"""Tell an error of the server in terms of the file."""

import unicodedata

from .errors import redact
from .files import Migration
from .lint import position
from .splitter import Statement

LONGEST_LINE = 1000  # characters; nobody finds a place in a longer one


def _width(text: str) -> int:
    """Return how many columns a terminal shows for `text`."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _line(content: bytes, offset: int) -> str:
    """Return the line that holds the byte at `offset`."""
    end = content.find(b"\n", offset)
    start = content.rfind(b"\n", 0, offset) + 1
    return content[start : end if end >= 0 else len(content)].decode("utf-8", "replace")


def explain(migration: Migration, statement: Statement, error) -> str:
    """Return `0005_x.sql:3:53: ERROR: … [42601]`, the source line with a caret, and the server's advice.

    If the psycopg2 error names no position, the statement's own is taken.
    """
    diag = error.diag
    offset = statement.offset
    if diag.statement_position:
        # Counted by the server in characters from 1; none has more than four bytes.
        characters = int(diag.statement_position) - 1
        start = migration.content[offset : offset + 4 * characters].decode("utf-8", "ignore")[:characters]
        offset += len(start.encode("utf-8"))
    line, column = position(migration.content, offset)
    source = _line(migration.content, offset)
    before = source[: column - 1]
    margin = f"{line:>5} | "
    shown = redact(source) if len(source) <= LONGEST_LINE else f"(a line of {len(source)} characters)"
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
