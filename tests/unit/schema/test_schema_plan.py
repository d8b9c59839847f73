"""The plan that follows from comparing the ledger with the files."""

from __future__ import annotations

import pytest
from jarvis_schema.errors import SchemaError
from jarvis_schema.files import read
from jarvis_schema.ledger import Entry, plan

A = read("0001_a.sql", b"SELECT 1;")
B = read("0002_b.sql", b"SELECT 2;")
C = read("0003_c.sql", b"-- no-transaction\nSELECT 3;")


def entry(migration, state="applied", **changes) -> Entry:
    return Entry(migration.version, migration.name, migration.sha256, state)._replace(**changes)


def refusal(migrations, entries) -> list[str]:
    with pytest.raises(SchemaError) as refused:
        plan(migrations, entries)
    return refused.value.message.splitlines()


def test_everything_is_pending_at_first_and_nothing_at_last() -> None:
    assert plan([A, B], []).pending == [A, B]
    assert plan([A, B], [entry(A), entry(B, "adopted")])[:3] == ([A, B], None, [])


def test_a_file_that_was_interrupted_is_the_first_to_run() -> None:
    assert plan([A, B, C], [entry(A), entry(B), entry(C, "running")])[:3] == ([A, B], C, [C])


def test_an_edited_file_is_told_with_both_checksums() -> None:
    assert refusal([A], [entry(A, sha256="0" * 64)]) == [
        f"0001_a.sql: was edited after it was applied: sha256 {'0' * 64} in the ledger, "
        "17db4fd369edb9244b9f91d9aeed145c3d04ad8ba6e95d06247f07a63527d11a in the file; "
        "restore the file and put the change into a new one"
    ]


def test_all_that_is_wrong_is_told_at_once() -> None:
    found = refusal([A, B], [entry(B, name="0002_old.sql"), entry(C)])
    assert [line.split(": ")[0] for line in found] == ["0002_b.sql", "0003_c.sql", "0001_a.sql"]
    assert "was applied as 0002_old.sql" in found[0]
    assert "the file is gone" in found[1]
    assert "is older than 0003_c.sql" in found[2]
