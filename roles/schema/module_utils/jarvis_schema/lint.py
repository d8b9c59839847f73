"""What a migration may not contain, found before a connection is opened."""

import re
from typing import Iterator, List, Tuple

from .splitter import Statement, tokens

TRANSACTION_CONTROL = {"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"}
CLUSTER_OBJECTS = {"ROLE", "USER", "GROUP", "DATABASE", "TABLESPACE"}
NO_TRANSACTION = "-- no-transaction"
COMMAND = re.compile(r"\\\S*")


def position(text: str, offset: int) -> Tuple[int, int]:
    """Return line and column, both from 1 and in characters, of `offset`."""
    before = text.rfind("\n", 0, offset)
    return text.count("\n", 0, offset) + 1, offset - before


def _refusal(words: List[str], transactional: bool) -> str:
    """Return why the statement with these words is refused, or an empty string."""
    first, second = (words + ["", ""])[:2]
    if first in TRANSACTION_CONTROL or (first, second) == ("PREPARE", "TRANSACTION"):
        return f"{first} is refused: every file is one transaction already"
    if first in ("CREATE", "ALTER", "DROP") and second in CLUSTER_OBJECTS:
        # CREATE USER MAPPING belongs to a database.
        if words[1:3] != ["USER", "MAPPING"]:
            return f"{first} {second} is refused: it acts on the whole server, which other roles configure"
    if (first, second) == ("ALTER", "SYSTEM"):
        return "ALTER SYSTEM is refused: settings of the server belong to its configuration"
    if first == "COPY" and "PROGRAM" in words:
        return "COPY … PROGRAM is refused: it runs a command on the server"
    if first == "COPY" and ("STDIN" in words or "STDOUT" in words):
        return "COPY with STDIN or STDOUT is refused: a migration has no stream; use INSERT"
    if first in ("SET", "RESET") and "SESSION" in words[:3] and "AUTHORIZATION" in words[:4]:
        return "SESSION AUTHORIZATION is refused: a migration runs as the owner of the schema"
    if "CONCURRENTLY" in words and first != "REFRESH":
        if transactional:
            return f"CONCURRENTLY needs a file of its own whose first line is `{NO_TRANSACTION}`"
        if first == "CREATE" and "EXISTS" in words:
            return (
                "IF NOT EXISTS keeps the invalid index of an interrupted build; put "
                "DROP INDEX CONCURRENTLY IF EXISTS before it instead"
            )
    return ""


def complaints(text: str, statements: List[Statement], transactional: bool) -> Iterator[str]:
    """Yield `line:column: what is wrong` for everything in the file that is refused."""

    def at(offset: int) -> str:
        return "{}:{}".format(*position(text, offset))

    if not statements:
        yield "1:1: the file has no statement"
    for kind, token, offset in tokens(text):
        if kind == "other" and token == "\\":
            command = COMMAND.match(text, offset).group()
            yield f"{at(offset)}: {command} is a psql command; only SQL is understood"
    for statement in statements:
        refusal = _refusal(statement.words, transactional)
        if refusal:
            yield f"{at(statement.offset)}: {refusal}"
