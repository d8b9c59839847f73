"""Explain an error of the server with the place in the file that caused it."""

import re
import unicodedata

from .errors import redact
from .files import Migration
from .lint import position
from .splitter import Statement

LONGEST_LINE = 1000  # characters; nobody can find a place in a longer line


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


# The server's messages about a name without schema that it does not find, by error code.
UNQUALIFIED = {
    "42P01": r'relation "[^".]+" does not exist',
    "42883": r"(function|procedure|aggregate|routine) [^.(]+\(.*\) does not exist|operator does not exist: .+",
    "42704": r'(type|index|sequence|collation|text search \w+|operator \w+|data type) "?[^".]+"? does not exist.*',
    "3F000": r"no schema has been selected to create in",
}
EMPTY_PATH = "The search path of a migration is empty: write each name with its schema, such as public.agent_state"


def _is_unqualified(error) -> bool:
    pattern = UNQUALIFIED.get(error.pgcode)
    return bool(pattern and re.fullmatch(pattern, error.diag.message_primary or "", re.DOTALL))


def explain(migration: Migration, statement: Statement, error) -> str:
    """Return `0005_x.sql:3:53: ERROR: … [42601]`, the source line with a caret, and the server's advice.

    If the psycopg2 error has no position, the position of the statement is used.
    """
    diag = error.diag
    offset = statement.offset
    if diag.statement_position:
        # The server counts characters, from 1. A character has at most four bytes.
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
    if shown == source:  # hiding a password shifts the columns
        padding = "".join("\t" if char == "\t" else " " * _width(char) for char in before)
        lines.append(" " * 5 + " | " + padding + "^")
    hint = EMPTY_PATH if _is_unqualified(error) else diag.message_hint
    for label, text in (("DETAIL", diag.message_detail), ("HINT", hint), ("CONTEXT", diag.context)):
        if text:
            lines.append(f"{label}: {text}")
    return redact("\n".join(lines))
