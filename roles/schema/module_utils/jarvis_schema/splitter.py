"""Cut SQL text into statements where the server's own parser would.

Only what decides where a statement ends is understood: quotes of every kind, comments, parentheses, and the bodies of
SQL-standard functions (BEGIN ATOMIC … END). The classes of characters are those of the server's scanner, which sees
bytes: every byte beyond ASCII is a letter, and white space is what stands in SPACE. A unit test compares the result
with that of the server's parser.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

SPACE = b" \t\n\r\f\v"
LETTER = rb"A-Za-z_\x80-\xff"
# Each alternative repeats one class of characters at most: a repeated choice would remember every step of a long text.
TOKEN = re.compile(
    rb"""
      (?P<escape>[eE]')
    | (?P<word>[%(letter)s][%(letter)s0-9$]*)
    | (?P<plain>[^%(letter)s0-9'"$\-/();\\]+)
    | (?P<number>[0-9][0-9.%(letter)s]*)
    | (?P<string>')
    | (?P<name>")
    | (?P<dollar>\$(?:[%(letter)s][%(letter)s0-9]*)?\$)
    | (?P<comment>--[^\n\r]*)
    | (?P<nested>/\*)
    | (?P<other>.)
    """
    % {b"letter": LETTER},
    re.VERBOSE | re.DOTALL,
)
NESTED = re.compile(rb"/\*|\*/")
ESCAPED = re.compile(rb"['\\]")
GAP = re.compile(b"[%s]+|--[^\n\r]*" % SPACE)
HEAD = 6  # words
ROUTINE = re.compile(r"CREATE (OR REPLACE )?(FUNCTION|PROCEDURE)\b")
# Words after the head that decide something (see lint.py).
NOTED = {"CONCURRENTLY", "EXISTS", "PROGRAM", "STDIN", "STDOUT"}


class Statement(NamedTuple):
    """One statement of a file."""

    offset: int  # of its first byte in the file, from 0
    end: int  # of its last byte, the closing semicolon left out
    head: tuple[str, ...]  # its first words in upper case; quoted things, comments and punctuation are left out
    noted: frozenset[str]  # which of NOTED are among all its words


def _end_of_comment(text: bytes, start: int) -> int:
    """Find the end of the nested comment that opens at `start`."""
    depth = 0
    for match in NESTED.finditer(text, start):
        depth += 1 if match.group() == b"/*" else -1
        if depth == 0:
            return match.end()
    return len(text)


def _end_of_escape(text: bytes, start: int) -> int:
    """Find the end of a string with backslashes whose first character is at `start`.

    Another string after a line end continues it, and takes its backslashes as this one does.
    """
    while True:
        match = ESCAPED.search(text, start)
        if match is None:
            return len(text)
        start = match.end()
        if match.group() == b"\\":
            start += 1
            continue
        end = start
        while gap := GAP.match(text, start):
            start = gap.end()
        lines = re.search(b"[\n\r]", text[end:start])
        if text[start : start + 1] != b"'" or (start > end and not lines):
            return end
        start += 1


def _end_of_quotes(text: bytes, quote: bytes, start: int) -> int:
    """Find the end of what is closed by `quote`. A doubled quote begins another piece, which comes to the same."""
    close = text.find(quote, start)
    return len(text) if close < 0 else close + len(quote)


def tokens(text: bytes) -> Iterator[tuple[str, int, int]]:
    """Yield kind (a group of TOKEN), start and end of every token; white space is in plain ones."""
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        kind, end = match.lastgroup, match.end()
        if kind == "nested":
            kind, end = "comment", _end_of_comment(text, position)
        elif kind == "escape":
            end = _end_of_escape(text, end)
        elif kind in ("string", "name", "dollar"):
            end = _end_of_quotes(text, match.group(), end)
        yield kind, position, end
        position = end


class _Body:
    """Whether a place in a statement is inside the body of a routine, in which semicolons part its own statements."""

    def __init__(self) -> None:
        self.depth = 0
        self.words: list[str] = []  # the first ones of the innermost statement
        self.fresh = True  # nothing of that statement was seen yet
        self.begins = False  # the token before was BEGIN

    def next_statement(self) -> None:
        self.words, self.fresh, self.begins = [], True, False

    def see(self, word: str, parentheses: int) -> None:
        """Take in the next token, an empty word for one that is none."""
        if self.fresh and self.depth and word == "END":
            # Nothing but the end of a body begins with END; elsewhere the word is a name, or closes a CASE.
            self.depth -= 1
            self.words = []
        elif word == "ATOMIC" and self.begins and parentheses == 0 and ROUTINE.match(" ".join(self.words)):
            self.depth += 1
            self.next_statement()
            return
        elif word and len(self.words) < HEAD:
            self.words.append(word)
        self.fresh, self.begins = False, word == "BEGIN"


def split(text: bytes) -> Iterator[Statement]:
    """Yield the statements of `text`; one without words (only comments) is none.

    Never fails: what is unbalanced runs to the end of the text, and the server says what is wrong.
    """
    head: list[str] = []
    noted: set[str] = set()
    body = _Body()
    start = -1  # of the statement's first token
    last = 0  # end of its last one
    parentheses = 0
    for kind, begin, end in tokens(text):
        if kind == "comment":
            continue
        first = text[begin : begin + 1]
        if kind == "other" and first == b";" and parentheses <= 0:
            if body.depth:
                body.next_statement()
                last = end
                continue
            if start >= 0:
                yield Statement(start, last, tuple(head), frozenset(noted))
            head, noted, body, start, parentheses = [], set(), _Body(), -1, 0
            continue
        if kind == "plain":
            piece = text[begin:end]
            if not piece.strip(SPACE):
                continue
            place, last = end - len(piece.lstrip(SPACE)), begin + len(piece.rstrip(SPACE))
        else:
            place, last = begin, end
        start = place if start < 0 else start
        word = ""
        if kind == "word":
            word = text[begin:end].upper().decode("utf-8", "replace")  # of ASCII letters alone, as the server does
            if len(head) < HEAD:
                head.append(word)
            if word in NOTED:
                noted.add(word)
        elif first in b"()" and kind == "other":
            parentheses += 1 if first == b"(" else -1
        body.see(word, parentheses)
    if start >= 0:
        yield Statement(start, last, tuple(head), frozenset(noted))
