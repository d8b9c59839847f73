"""Files: names, encodings, checksums, and what is refused before a server is asked."""

from __future__ import annotations

import base64
import tarfile

import pytest
from jarvis_schema.errors import SchemaError
from jarvis_schema.files import check, contents, number, read


def packed(**files: bytes) -> list[tuple[str, bytes]]:
    return [(f"{name}.sql", text) for name, text in files.items()]


def refusal(name: str, content: bytes) -> str:
    with pytest.raises(SchemaError) as refused:
        check([read(name, content)])
    return refused.value.message


def test_a_file_is_known_by_number_name_and_checksum() -> None:
    migration = read("0007_add_x.sql", b"SELECT 1;\n")
    assert (migration.version, migration.name, migration.transactional) == (7, "0007_add_x.sql", True)
    assert migration.sha256 == "b4e0497804e46e0a0b0b8c31975b062152d551bac49c3c2e80932567b4085dcd"


def test_line_ends_of_another_system_do_not_change_the_checksum() -> None:
    assert read("0001_x.sql", b"SELECT 1;\r\n") == read("0001_x.sql", b"SELECT 1;\n")


@pytest.mark.parametrize(
    "name",
    [
        "1_x.sql",
        "00001_x.sql",
        "0001-x.sql",
        "0001_X.sql",
        "0001_.txt",
        "0001_x.sql.sql",
        "0000_x.sql",
        "0001_x.sql\n",
        "0001_ü.sql",
    ],
)
def test_a_malformed_name_is_refused(name: str) -> None:
    assert "a migration is named like 0007_add_sessions.sql" in refusal(name, b"SELECT 1;")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xef\xbb\xbfSELECT 1;", "0001_x.sql:1:1: the file starts with a byte order mark; save it as plain UTF-8"),
        (b"SELECT 1;\nSELECT '\xff';", "0001_x.sql:2: byte 0xff is not UTF-8"),
        (b"SELECT '\0';", "0001_x.sql:1:9: the file contains a zero byte"),
        (
            b"SELECT 1;\n-- then\rSELECT 2;",
            "0001_x.sql:2: a carriage return without line feed; save the file with plain line ends",
        ),
        (b"SELECT 'a\r\r\n';", "0001_x.sql:1: a carriage return without line feed; save the file with plain line ends"),
        (
            "-- ä\n".encode() * 400_000 + b"SELECT '\xe4';",
            "0001_x.sql:400001: byte 0xe4 is not UTF-8",
        ),
        (b"", "0001_x.sql:1:1: the file has no statement"),
        (b"-- only words\n/* and more */ ;\n", "0001_x.sql:1:1: the file has no statement"),
    ],
)
def test_what_is_no_plain_text_with_statements_is_refused(content: bytes, message: str) -> None:
    assert refusal("0001_x.sql", content) == message


@pytest.mark.parametrize(
    "statement", ["BEGIN", "START TRANSACTION", "commit", "END", "ROLLBACK", "abort", "SAVEPOINT s", "RELEASE s"]
)
def test_transaction_control_is_refused(statement: str) -> None:
    word = statement.split(maxsplit=1)[0].upper()
    assert refusal("0001_x.sql", f"SELECT 1;\n  {statement};".encode()) == (
        f"0001_x.sql:2:3: {word} is refused: every file is one transaction already"
    )


@pytest.mark.parametrize("verb", ["CREATE", "ALTER", "DROP"])
@pytest.mark.parametrize("kind", ["ROLE", "USER", "GROUP", "DATABASE", "TABLESPACE"])
def test_statements_on_the_whole_server_are_refused(verb: str, kind: str) -> None:
    assert refusal("0001_x.sql", f"{verb} /* x */ {kind} x;".encode()) == (
        f"0001_x.sql:1:1: {verb} {kind} is refused: it acts on the whole server, which other roles configure"
    )


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("PREPARE TRANSACTION 'x'", "PREPARE is refused"),
        ("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM is refused"),
        ("COPY t FROM PROGRAM 'date'", "COPY … PROGRAM is refused"),
        ("COPY t FROM STDIN", "COPY with STDIN or STDOUT is refused"),
        ("SET SESSION AUTHORIZATION postgres", "SESSION AUTHORIZATION is refused"),
        ("SET LOCAL SESSION AUTHORIZATION DEFAULT", "SESSION AUTHORIZATION is refused"),
        ("SET standard_conforming_strings = off", "standard_conforming_strings is refused"),
        ("RESET SESSION AUTHORIZATION", "SESSION AUTHORIZATION is refused"),
        (
            "CREATE INDEX CONCURRENTLY i ON t (c)",
            "CONCURRENTLY needs a file of its own whose first line is `-- no-transaction`",
        ),
        ("DROP INDEX CONCURRENTLY i", "CONCURRENTLY needs a file of its own"),
    ],
)
def test_other_statements_that_cannot_be_taken_back_are_refused(statement: str, reason: str) -> None:
    assert refusal("0001_x.sql", f"{statement};".encode()).startswith(f"0001_x.sql:1:1: {reason}")


def test_psql_commands_are_refused_where_they_stand() -> None:
    assert refusal("0001_x.sql", b"SELECT 1;\n\\i other.sql\nSELECT 2 \\gexec\n") == (
        "0001_x.sql:2:1: \\i is a psql command; only SQL is understood\n"
        "0001_x.sql:3:10: \\gexec is a psql command; only SQL is understood"
    )


@pytest.mark.parametrize(
    "text",
    [
        "DO $$ BEGIN PERFORM 1; END $$;",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END;",
        "SELECT 'COMMIT; ALTER SYSTEM', \"BEGIN\" -- ROLLBACK;\n FROM t;",
        r"SELECT E'\\n\'', '\d';",
        "CREATE USER MAPPING FOR CURRENT_USER SERVER s;",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY v;",
        "ALTER TABLE t ADD COLUMN role text, ADD COLUMN concurrently_ text;",
        "COPY t FROM '/data/program.csv';",
    ],
)
def test_the_same_words_in_another_place_are_fine(text: str) -> None:
    migration = read("0001_x.sql", text.encode())
    check([migration])
    assert len(list(migration.statements)) == 1


def test_the_first_line_alone_decides_whether_there_is_a_transaction() -> None:
    assert read("0001_x.sql", b"-- no-transaction\nCREATE INDEX CONCURRENTLY i ON t (c);").transactional is False
    assert read("0001_x.sql", b"\n-- no-transaction\nSELECT 1;").transactional is True


def test_a_concurrent_build_that_would_keep_an_invalid_index_is_refused() -> None:
    text = b"-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (c);"
    assert refusal("0001_x.sql", text).startswith(
        "0001_x.sql:2:1: IF NOT EXISTS keeps the invalid index of an interrupted build"
    )


def test_files_are_ordered_by_number() -> None:
    files = packed(**{"0010_b": b"SELECT 1;", "0002_c": b"SELECT 1;", "0001_z": b"SELECT 1;"})
    assert [migration.version for migration in number(files)] == [1, 2, 10]


def test_two_files_with_one_number_are_refused_together_with_every_wrong_name() -> None:
    with pytest.raises(SchemaError) as refused:
        number(packed(**{"0001_a": b"SELECT 1;", "0001_b": b"SELECT 1;", "x": b"SELECT 1;"}))
    assert [line.split(":")[0] for line in refused.value.message.splitlines()] == ["0001_b.sql", "x.sql"]
    assert refused.value.message.startswith("0001_b.sql: 0001_a.sql has the number 0001 already")


def test_what_is_wrong_in_several_files_is_told_at_once() -> None:
    with pytest.raises(SchemaError) as refused:
        check(number(packed(**{"0001_a": b"COMMIT;", "0002_b": b"SELECT 1;", "0003_c": b"END;\nCOMMIT;"})))
    assert [line.split(" ")[0] for line in refused.value.message.splitlines()] == [
        "0001_a.sql:1:1:",
        "0003_c.sql:1:1:",
        "0003_c.sql:2:1:",
    ]


def test_a_file_is_not_looked_into_before_it_is_checked() -> None:
    assert [migration.version for migration in number(packed(**{"0001_a": b"COMMIT; \xff \r \0"}))] == [1]


def test_files_come_in_the_arguments_or_in_an_archive(tmp_path) -> None:
    (tmp_path / "0001_a.sql").write_bytes(b"SELECT '\xc3\xa4';")
    with tarfile.open(tmp_path / "files.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "0001_a.sql", "0001_a.sql")
    inline = [{"name": "0001_a.sql", "content": base64.b64encode(b"SELECT '\xc3\xa4';").decode()}]
    expected = [("0001_a.sql", b"SELECT '\xc3\xa4';")]
    assert list(contents(inline, None)) == expected
    assert list(contents([], str(tmp_path / "files.tar.gz"))) == expected


def test_what_is_not_base64_is_refused_by_the_files_name() -> None:
    with pytest.raises(SchemaError, match=r"0001_a\.sql: its content is not base64"):
        list(contents([{"name": "0001_a.sql", "content": "!"}], None))
