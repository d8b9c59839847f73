"""What a migration may not contain, found before a connection is opened."""

import re
from collections.abc import Iterator

from .splitter import Statement, tokens

TRANSACTION_CONTROL = {"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"}
CLUSTER_OBJECTS = {"ROLE", "USER", "GROUP", "DATABASE", "TABLESPACE"}
NO_TRANSACTION = "-- no-transaction"
COMMAND = re.compile(r"\\\S*")


def position(text: str, offset: int) -> tuple[int, int]:
    """Return line and column, both from 1 and in characters, of `offset`."""
    before = text.rfind("\n", 0, offset)
    return text.count("\n", 0, offset) + 1, offset - before


def _refusal(words: list[str], transactional: bool) -> str:
    """Return why the statement with these words is refused, or an empty string."""
    first, second = [*words, "", ""][:2]
    cluster = first in ("CREATE", "ALTER", "DROP") and second in CLUSTER_OBJECTS
    concurrent = "CONCURRENTLY" in words and first != "REFRESH"
    reasons = {
        f"{first} is refused: every file is one transaction already": (
            first in TRANSACTION_CONTROL or (first, second) == ("PREPARE", "TRANSACTION")
        ),
        f"{first} {second} is refused: it acts on the whole server, which other roles configure": (
            cluster and words[1:3] != ["USER", "MAPPING"]
        ),
        "ALTER SYSTEM is refused: settings of the server belong to its configuration": (
            (first, second) == ("ALTER", "SYSTEM")
        ),
        "COPY … PROGRAM is refused: it runs a command on the server": first == "COPY" and "PROGRAM" in words,
        "COPY with STDIN or STDOUT is refused: a migration has no stream; use INSERT": (
            first == "COPY" and ("STDIN" in words or "STDOUT" in words)
        ),
        "SESSION AUTHORIZATION is refused: a migration runs as the owner of the schema": (
            first in ("SET", "RESET") and "SESSION" in words[:3] and "AUTHORIZATION" in words[:4]
        ),
        f"CONCURRENTLY needs a file of its own whose first line is `{NO_TRANSACTION}`": concurrent and transactional,
        "IF NOT EXISTS keeps the invalid index of an interrupted build; put DROP INDEX CONCURRENTLY IF EXISTS "
        "before it instead": concurrent and first == "CREATE" and "EXISTS" in words,
    }
    return next((reason for reason, applies in reasons.items() if applies), "")


def complaints(text: str, statements: list[Statement], transactional: bool) -> Iterator[str]:
    """Yield `line:column: what is wrong` for everything in the file that is refused."""

    def at(offset: int) -> str:
        return "{}:{}".format(*position(text, offset))

    if not statements:
        yield "1:1: the file has no statement"
    for kind, piece, offset in tokens(text) if "\\" in text else ():
        if kind == "other" and piece == "\\":
            command = COMMAND.match(text, offset).group()
            yield f"{at(offset)}: {command} is a psql command; only SQL is understood"
    for statement in statements:
        refusal = _refusal(statement.words, transactional)
        if refusal:
            yield f"{at(statement.offset)}: {refusal}"
