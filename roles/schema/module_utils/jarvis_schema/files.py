"""Migration files. All are read and numbered before a connection is opened; the pending ones are also checked."""

import base64
import binascii
import hashlib
import re
import tarfile
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .errors import SchemaError
from .lint import NO_REHEARSAL, NO_TRANSACTION, complaints
from .splitter import Statement, split

NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class Migration(NamedTuple):
    """One migration file."""

    version: int
    name: str  # of the file
    content: bytes  # line ends are \n
    sha256: str  # of the content, in hexadecimal
    transactional: bool  # False: the first line is `-- no-transaction`
    rehearsed: bool  # False: the first line is `-- no-rehearsal`

    @property
    def statements(self) -> Iterator[Statement]:
        """The statements. They are found anew each time, so that a large file is not held in memory twice."""
        return split(self.content)


def read(name: str, content: bytes) -> Migration:
    """Read one file without checking its content, because an applied file was checked when it was applied.

    Raises:
        SchemaError: the name is not that of a migration.

    """
    match = NAME.fullmatch(name)
    if not match or int(match.group(1)) == 0:
        raise SchemaError(
            f"{name}: a migration is named like 0007_add_sessions.sql (four digits from 0001, "
            "an underscore, then lower-case letters, digits and underscores)"
        )
    # A checkout on another system must not change the checksum.
    if b"\r\n" in content:
        content = content.replace(b"\r\n", b"\n")
    first_line = content[: len(NO_TRANSACTION) + 80].split(b"\n", 1)[0].rstrip()
    digest = hashlib.sha256(content).hexdigest()
    return Migration(
        version=int(match.group(1)),
        name=name,
        content=content,
        sha256=digest,
        transactional=first_line != NO_TRANSACTION.encode(),
        rehearsed=first_line != NO_REHEARSAL.encode(),
    )


def check(migrations: Iterable[Migration]) -> None:
    """Check the content of the files.

    Raises:
        SchemaError: with a line for everything that is wrong in any of them.

    """
    found = [
        f"{migration.name}:{complaint}"
        for migration in migrations
        for complaint in complaints(migration.content, migration.transactional, migration.rehearsed)
    ]
    if found:
        raise SchemaError("\n".join(found))


def contents(files: list[dict[str, str]], archive: str | None) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each file, and free the memory of the encoded text.

    Args:
        files: `name` and `content` (base64) of each.
        archive: path of a tar file with all of them instead.

    Raises:
        SchemaError: a content is not base64.

    """
    if archive:
        with tarfile.open(archive) as packed:
            for member in packed:
                yield member.name, packed.extractfile(member).read()
    while files:
        file = files.pop(0)
        try:
            yield file["name"], base64.b64decode(file.pop("content"), validate=True)
        except binascii.Error as error:
            raise SchemaError(f"{file['name']}: its content is not base64") from error


def number(files: Iterable[tuple[str, bytes]]) -> list[Migration]:
    """Return the migrations in the order of their numbers.

    Raises:
        SchemaError: with every name and number that is wrong.

    """
    migrations: dict[int, Migration] = {}
    found: list[str] = []
    for name, content in files:
        try:
            migration = read(name, content)
        except SchemaError as error:
            found.append(error.message)
            continue
        twin = migrations.setdefault(migration.version, migration)
        if twin is not migration:
            found.append(f"{name}: {twin.name} has the number {migration.version:04d} already")
    if found:
        raise SchemaError("\n".join(sorted(found)))
    return [migrations[version] for version in sorted(migrations)]
