"""Find what a migration must not contain, before anything is touched."""

import codecs
import re
from collections.abc import Iterator

from .splitter import OF_DATA, Statement, split

TRANSACTION_CONTROL = {"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"}
CLUSTER_OBJECTS = {"ROLE", "USER", "GROUP", "DATABASE", "TABLESPACE"}
NO_TRANSACTION = "-- no-transaction"
NO_REHEARSAL = "-- no-rehearsal"
# A file that is not rehearsed must not change the catalog, because the rehearsal decides what the database should
# contain.
OF_ROWS = OF_DATA | {"DO", "SET", "LOCK", "TABLE"}
COMMAND = re.compile(rb"\\\S*")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
PART = 1 << 20  # bytes that are decoded at a time


def _line(text: bytes, offset: int) -> int:
    return text.count(b"\n", 0, offset) + 1


def position(text: bytes, offset: int) -> tuple[int, int]:
    """Return line and column, both from 1, the column in characters, of the byte at `offset`."""
    line_start = text.rfind(b"\n", 0, offset) + 1
    return _line(text, offset), len(text[line_start:offset].decode("utf-8", "replace")) + 1


def _refusal(statement: Statement, transactional: bool, rehearsed: bool) -> str:
    """Return why the statement is refused, or an empty string."""
    words, noted = statement.head, statement.noted
    first, second = [*words, "", ""][:2]
    cluster = first in ("CREATE", "ALTER", "DROP") and second in CLUSTER_OBJECTS
    concurrent = "CONCURRENTLY" in noted and first != "REFRESH"
    reasons = {
        f"{first} is refused after `{NO_REHEARSAL}`: such a file may change rows alone": (
            not rehearsed and first not in OF_ROWS
        ),
        f"{first} is refused: every file is one transaction already": (
            first in TRANSACTION_CONTROL or (first, second) == ("PREPARE", "TRANSACTION")
        ),
        f"{first} {second} is refused: it acts on the whole server, which other roles configure": (
            cluster and words[1:3] != ("USER", "MAPPING")
        ),
        "ALTER SYSTEM is refused: settings of the server belong to its configuration": (
            (first, second) == ("ALTER", "SYSTEM")
        ),
        "COPY … PROGRAM is refused: it runs a command on the server": first == "COPY" and "PROGRAM" in noted,
        "COPY with STDIN or STDOUT is refused: a migration has no stream; use INSERT": (
            first == "COPY" and bool(noted & {"STDIN", "STDOUT"})
        ),
        "SESSION AUTHORIZATION is refused: a migration runs as the owner of the schema": (
            first in ("SET", "RESET") and "SESSION" in words[:3] and "AUTHORIZATION" in words[:4]
        ),
        "standard_conforming_strings is refused: it changes where the strings of the statements after it end": (
            first == "SET" and "STANDARD_CONFORMING_STRINGS" in words
        ),
        f"CONCURRENTLY needs a file of its own whose first line is `{NO_TRANSACTION}`": concurrent and transactional,
        "IF NOT EXISTS keeps the invalid index of an interrupted build; put DROP INDEX CONCURRENTLY IF EXISTS "
        "before it instead": concurrent and first == "CREATE" and "EXISTS" in noted,
    }
    return next((reason for reason, applies in reasons.items() if applies), "")


def _encoding_error(text: bytes) -> str:
    """Return what is wrong with the bytes, or an empty string; a large file is decoded in parts."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(text), PART):
        try:
            decoder.decode(text[start : start + PART], final=start + PART >= len(text))
        except UnicodeDecodeError as error:
            # error.object begins with the bytes that the decoder had kept from the part before.
            offset = min(start + PART, len(text)) - len(error.object) + error.start
            return f"{_line(text, offset)}: byte 0x{text[offset]:02x} is not UTF-8"
    return ""


def complaints(text: bytes, transactional: bool, rehearsed: bool) -> Iterator[str]:
    """Yield `line:column: what is wrong` for everything in the file that is refused."""

    def at(offset: int) -> str:
        return "{}:{}".format(*position(text, offset))

    if text.startswith(BYTE_ORDER_MARK):
        yield "1:1: the file starts with a byte order mark; save it as plain UTF-8"
        return
    wrong = _encoding_error(text)
    if wrong:
        yield wrong
        return
    if b"\0" in text:
        yield f"{at(text.index(0))}: the file contains a zero byte"
        return
    if b"\r" in text:
        # A carriage return ends a comment for the server, but maybe not in an editor. So other statements would run
        # than one reads.
        yield f"{_line(text, text.index(13))}: a carriage return without line feed; save the file with plain line ends"
        return
    statement = None
    for statement in split(text):
        for offset in statement.backslashes:
            command = COMMAND.match(text, offset).group().decode("utf-8", "replace")
            yield f"{at(offset)}: {command} is a psql command; only SQL is understood"
        refusal = _refusal(statement, transactional, rehearsed)
        if refusal:
            yield f"{at(statement.offset)}: {refusal}"
    if statement is None:
        yield "1:1: the file has no statement"
