"""Cut SQL text into statements at the same places as the server's own parser.

Only the parts that decide where a statement ends are understood: quotes of every kind, comments, the parentheses of
CREATE RULE, and the bodies of SQL-standard functions (BEGIN ATOMIC … END). The classes of characters are those of the
server's scanner. It works on bytes, and every byte beyond ASCII is a letter to it. A test compares the result with a
server's.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

SPACE = b" \t\n\r\f\v"
LETTER = rb"A-Za-z_\x80-\xff"
# Each alternative repeats one class of characters at most. A repeated choice would keep every step of a long text in
# memory.
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
UNQUOTED = re.compile(rb"""[^'"$\-/;\\]*""")
NAME_END = re.compile(rb"[%s0-9$]*\Z" % LETTER)
NESTED = re.compile(rb"/\*|\*/")
ESCAPED = re.compile(rb"(?:[^'\\]*\\.){1,1000}", re.DOTALL)
GAP = re.compile(rb"[ \t\n\r\f\v]+|--[^\n\r]*")
HEAD = 6  # words
ROUTINE = re.compile(r"CREATE (OR REPLACE )?(FUNCTION|PROCEDURE)\b")
RULE = re.compile(r"CREATE (OR REPLACE )?RULE\b")
# Words behind the first ones that decide something (see lint.py), and the statements in which they do.
NOTED = {"CONCURRENTLY", "EXISTS", "PROGRAM", "STDIN", "STDOUT"}
WORDY = {"CREATE", "ALTER", "DROP", "REINDEX", "COPY"}
# In these statements, which are often long, no other word matters.
OF_DATA = {"INSERT", "SELECT", "UPDATE", "DELETE", "VALUES", "WITH", "MERGE"}


class Statement(NamedTuple):
    """One statement of a file."""

    offset: int  # of its first byte in the file, from 0
    end: int  # of its last byte, without the closing semicolon
    head: tuple[str, ...]  # its first words in upper case; quoted things, comments and punctuation are left out
    noted: frozenset[str]  # which of NOTED are among its words, if the first is one of WORDY
    backslashes: tuple[int, ...]  # offsets of the backslashes that are not in quotes


def _end_of_comment(text: bytes, start: int) -> int:
    """Find the end of the nested comment that opens at `start`."""
    depth = 0
    for match in NESTED.finditer(text, start):
        depth += 1 if match.group() == b"/*" else -1
        if depth == 0:
            return match.end()
    return len(text)


def _end_of_quotes(text: bytes, quote: bytes, start: int) -> int:
    """Find the end of a text that `quote` closes. A doubled quote counts as an end, after which a new text begins."""
    close = text.find(quote, start)
    return len(text) if close < 0 else close + len(quote)


def _end_of_escapes(text: bytes, start: int) -> int:
    """Find the end of a string with backslashes whose first character is at `start`.

    Another string after a line end continues it, and has backslashes as well.
    """
    while True:
        while match := ESCAPED.match(text, start):
            start = match.end()
        end = start = _end_of_quotes(text, b"'", start)
        while gap := GAP.match(text, start):
            start = gap.end()
        between = text[end:start]
        if text[start : start + 1] != b"'" or (between and not (b"\n" in between or b"\r" in between)):
            return end
        start += 1


def _end(text: bytes, kind: str, start: int, end: int) -> int:
    """Find the end of the token that opens with what is between `start` and `end`."""
    if kind == "nested":
        return _end_of_comment(text, start)
    if kind == "escape":
        return _end_of_escapes(text, end)
    if kind in ("string", "name", "dollar"):
        return _end_of_quotes(text, text[start:end], end)
    return end


def _next(text: bytes, position: int) -> tuple[str, int, int]:
    """Return kind (a group of TOKEN), start and end of the token at `position`. White space belongs to plain tokens."""
    match = TOKEN.match(text, position)
    return match.lastgroup, position, _end(text, match.lastgroup, position, match.end())


def _next_unlike_words(text: bytes, position: int) -> tuple[str, int, int]:
    """Return the same for the next token that is not just words, numbers and most punctuation, or for a plain one."""
    start = UNQUOTED.match(text, position).end()
    if start == len(text):
        return "plain", position, start
    if text[start] in b"'$":
        # The letter before it decides what it is: e'…' has backslashes, and the $ in a$b$ is a part of a name.
        before = NAME_END.search(text, max(position, start - 64), start).group().lstrip(b"0123456789")
        if before and (before in (b"e", b"E") if text[start : start + 1] == b"'" else True):
            start -= len(before)
    return _next(text, start)


class _Body:
    """Knows whether a place is inside the body of a routine, where semicolons separate the routine's own statements."""

    def __init__(self) -> None:
        self.depth = 0
        self.words: list[str] = []  # the first words of the innermost statement
        self.fresh = True  # that statement has not begun yet
        self.begins = False  # the token before was BEGIN

    def next_statement(self) -> None:
        self.words, self.fresh, self.begins = [], True, False

    def see(self, word: str, parentheses: int) -> None:
        """Take in the next token; the word is empty if the token is not a word."""
        if self.fresh and self.depth and word == "END":
            # END at the beginning of a statement ends a body. Elsewhere the word is a name, or closes a CASE.
            self.depth -= 1
        elif word == "ATOMIC" and self.begins and parentheses == 0 and ROUTINE.match(" ".join(self.words)):
            self.depth += 1
            self.next_statement()
            return
        elif word and len(self.words) < HEAD:
            self.words.append(word)
        self.fresh, self.begins = False, word == "BEGIN"


class _Reader:
    """What is known about the statement that is being read."""

    def __init__(self) -> None:
        self.start = -1  # of its first token
        self.end = 0  # of its last one
        self.head: list[str] = []
        self.noted: set[str] = set()
        self.backslashes: list[int] = []
        self.parentheses = 0
        self.body = _Body()

    @property
    def only_quotes_matter(self) -> bool:
        return bool(self.head) and self.head[0] in OF_DATA

    def ends_here(self) -> bool:
        """Take in a semicolon, and return whether it closes the statement."""
        if self.parentheses > 0 and RULE.match(" ".join(self.head)):
            return False
        if self.body.depth:
            self.body.next_statement()
            return False
        return True

    def see(self, kind: str, start: int, piece: bytes) -> None:
        """Take in a token without white space around it."""
        self.start = start if self.start < 0 else self.start
        self.end = start + len(piece)
        if kind == "word":
            word = piece.upper().decode("utf-8", "replace")  # of ASCII letters alone, as the server does
            if len(self.head) < HEAD:
                self.head.append(word)
            if word in NOTED and self.head[0] in WORDY:
                self.noted.add(word)
            self.body.see(word, self.parentheses)
            return
        if kind == "other" and piece in b"()":
            self.parentheses += 1 if piece == b"(" else -1
        elif piece == b"\\":
            self.backslashes.append(start)
        self.body.see("", self.parentheses)

    def statement(self) -> Statement:
        return Statement(self.start, self.end, tuple(self.head), frozenset(self.noted), tuple(self.backslashes))


def split(text: bytes) -> Iterator[Statement]:
    """Yield the statements of `text`. One without words (only comments) does not count.

    This never fails: an unclosed quote or comment runs to the end of the text, and the server reports the error.
    """
    reader = _Reader()
    position = 0
    while position < len(text):
        kind, start, end = (_next_unlike_words if reader.only_quotes_matter else _next)(text, position)
        skipped = text[position:start].rstrip(SPACE)
        if skipped:
            reader.end = position + len(skipped)
        piece = text[start:end]
        if kind == "other" and piece == b";":
            if reader.ends_here():
                if reader.start >= 0:
                    yield reader.statement()
                reader = _Reader()
        elif kind == "plain" and piece.strip(SPACE):
            reader.see(kind, end - len(piece.lstrip(SPACE)), piece.strip(SPACE))
        elif kind not in ("plain", "comment", "nested"):
            reader.see(kind, start, piece)
        position = end
    if reader.start >= 0:
        yield reader.statement()
