"""Cut SQL text into statements, the way psql does.

Only what decides where a statement ends is understood: quotes of every kind, comments,
parentheses, and the bodies of SQL-standard functions (BEGIN ATOMIC … END).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<escape>[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z))
    | (?P<word>[^\W\d][\w$]*)
    | (?P<number>\d[\w.]*)
    | (?P<string>'[^']*(?:'|\Z))
    | (?P<name>"(?:[^"]|"")*(?:"|\Z))
    | (?P<dollar>\$(?:[^\W\d]\w*)?\$)
    | (?P<comment>--[^\n]*)
    | (?P<nested>/\*)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
NESTED = re.compile(r"/\*|\*/")


class Statement(NamedTuple):
    """One statement of a file."""

    text: str  # without the closing semicolon
    offset: int  # of its first character in the file, from 0
    words: list[str]  # bare words and punctuation in upper case; quoted things and comments are left out


def _end_of_comment(text: str, start: int) -> int:
    """Find the end of the nested comment that opens at `start`."""
    depth = 0
    for match in NESTED.finditer(text, start):
        depth += 1 if match.group() == "/*" else -1
        if depth == 0:
            return match.end()
    return len(text)


def tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield kind (a group of TOKEN), text and offset of every token."""
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        kind, end = match.lastgroup, match.end()
        if kind == "nested":
            kind, end = "comment", _end_of_comment(text, position)
        elif kind == "dollar":
            close = text.find(match.group(), end)
            end = len(text) if close < 0 else close + len(match.group())
        yield kind, text[position:end], position
        position = end


def split(text: str) -> list[Statement]:
    """Return the statements of `text`; one without words (only comments) is none.

    Never fails: what is unbalanced runs to the end of the text, and the server says what is wrong.
    """
    statements: list[Statement] = []
    words: list[str] = []
    start = -1  # of the statement's first token
    parentheses = 0
    blocks = 0  # BEGIN ATOMIC, and CASE inside it
    for kind, piece, offset in tokens(text):
        if piece == ";" and parentheses <= 0 and blocks == 0:
            if start >= 0:
                statements.append(Statement(text[start:offset], start, words))
            words, start, parentheses = [], -1, 0
            continue
        if start < 0 and kind not in ("comment", "space"):
            start = offset
        if kind in ("word", "other"):
            words.append(piece.upper())
            parentheses += (piece == "(") - (piece == ")")
            blocks = _blocks_after(words, blocks)
    if start >= 0:
        statements.append(Statement(text[start:].rstrip(), start, words))
    return statements


def _blocks_after(words: list[str], blocks: int) -> int:
    """Return how many blocks are open after the last word; only a routine's body opens any."""
    word = words[-1]
    if blocks:
        return blocks + (word in ("BEGIN", "CASE")) - (word == "END")
    opens = word == "ATOMIC" and words[-2:-1] == ["BEGIN"]
    return int(opens and words[0] == "CREATE" and ("FUNCTION" in words[:4] or "PROCEDURE" in words[:4]))
