"""Migration files: read, checked and numbered before a connection is opened."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple

from .errors import SchemaError
from .lint import NO_TRANSACTION, complaints
from .splitter import Statement, split

NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Migration(NamedTuple):
    """One file, ready to run."""

    version: int
    name: str  # of the file
    text: str  # line ends are \n
    sha256: str  # of the text, in hexadecimal
    transactional: bool  # False: the first line is `-- no-transaction`
    statements: list[Statement]


def parse(name: str, content: bytes) -> Migration:
    """Read one file.

    Raises:
        SchemaError: with one line for everything that is wrong with it.

    """
    match = NAME.fullmatch(name)
    if not match or int(match.group(1)) == 0:
        raise SchemaError(
            f"{name}: a migration is named like 0007_add_sessions.sql (four digits from 0001, "
            "an underscore, then lower-case letters, digits and underscores)"
        )
    if content.startswith(BYTE_ORDER_MARK):
        raise SchemaError(f"{name}:1:1: the file starts with a byte order mark; save it as plain UTF-8")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SchemaError(f"{name}:{line}: byte 0x{content[error.start]:02x} is not UTF-8") from error
    if "\0" in text:
        raise SchemaError(f"{name}: the file contains a zero byte")
    # A checkout on another system must not change the checksum.
    text = text.replace("\r\n", "\n")
    transactional = text.split("\n", 1)[0].rstrip() != NO_TRANSACTION
    statements = split(text)
    found = [f"{name}:{complaint}" for complaint in complaints(text, statements, transactional)]
    if found:
        raise SchemaError("\n".join(found))
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    return Migration(int(match.group(1)), name, text, digest, transactional, statements)


def decode(files: Iterable[dict[str, str]]) -> list[Migration]:
    """Return the migrations in the order of their numbers.

    Args:
        files: `name` and `content` (base64) of each file.

    Raises:
        SchemaError: with everything that is wrong in any file.

    """
    migrations: dict[int, Migration] = {}
    found: list[str] = []
    for file in sorted(files, key=lambda file: file["name"]):
        try:
            content = base64.b64decode(file["content"], validate=True)
            migration = parse(file["name"], content)
        except SchemaError as error:
            found.append(error.message)
            continue
        except binascii.Error:
            found.append(f"{file['name']}: its content is not base64")
            continue
        twin = migrations.setdefault(migration.version, migration)
        if twin is not migration:
            found.append(f"{migration.name}: {twin.name} has the number {migration.version:04d} already")
    if found:
        raise SchemaError("\n".join(found))
    return [migrations[version] for version in sorted(migrations)]
