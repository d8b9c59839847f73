"""The splitter cuts where the server would, and nowhere else."""

from __future__ import annotations

import pytest
from jarvis_schema.splitter import split


def texts(source: str) -> list[str]:
    content = source.encode()
    return [content[statement.offset : statement.end].decode() for statement in split(content)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT ';'",
        "SELECT 'it''s;'",
        r"SELECT E'\';'",
        r"SELECT e'\\', ';'",
        "SELECT U&'d;' UESCAPE '!'",
        "SELECT B'1;', X'1;', N';'",
        'SELECT ";", "a"";"',
        "SELECT $$;$$",
        "SELECT $a$ $$;$$ $b$;$b$ $a$",
        "SELECT $größe$;$größe$",
        "SELECT a$b$ FROM t",
        "SELECT /* ; /* ; */ ; */ 1",
        "SELECT 1 -- ;\n + 1",
        "SELECT 10 % 3, '%s', '%(x)s'",
        "CREATE RULE r AS ON DELETE TO t DO INSTEAD (SELECT 1; SELECT 2)",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END",
        "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC SELECT CASE 1 WHEN 1 THEN CASE WHEN true THEN 2 END END; END",
        "DO LANGUAGE plpgsql $$ BEGIN PERFORM 1; IF true THEN NULL; END IF; END $$",
        'CREATE TABLE atomic ("begin" int)',
        "SELECT $1, a::text, b[1:2]",
    ],
)
def test_a_statement_stays_whole(statement: str) -> None:
    assert texts(f"SELECT 0;\n{statement};\nSELECT 9;") == ["SELECT 0", statement, "SELECT 9"]


def test_comments_and_space_around_statements_are_not_part_of_them() -> None:
    statements = split(b"-- a\n\n  SELECT 1 ; /* b */\n;;\n\tSELECT 2")
    assert [(statement.offset, statement.end) for statement in statements] == [(8, 16), (31, 39)]


def test_the_first_words_leave_out_what_is_quoted_or_commented() -> None:
    (statement,) = split(b"create /* role */ table \"role\" (a text default 'role', b int) -- role")
    assert statement.head == ("CREATE", "TABLE", "A", "TEXT", "DEFAULT", "B")


def test_words_that_decide_something_are_noted_wherever_they_stand() -> None:
    text = (
        "ALTER TABLE a.b.c.d.e.f.g DETACH PARTITION h CONCURRENTLY; SELECT 'PROGRAM', \"STDIN\", $$STDOUT$$ -- EXISTS"
    )
    assert [sorted(statement.noted) for statement in split(text.encode())] == [["CONCURRENTLY"], []]


@pytest.mark.parametrize(
    "text", ["SELECT '", 'SELECT "', "SELECT $$", "SELECT $a$ $$", "SELECT /* /* */", "SELECT E'\\"]
)
def test_what_is_not_closed_runs_to_the_end_for_the_server_to_judge(text: str) -> None:
    assert len(texts(f"{text};\n")) == 1


def test_begin_atomic_outside_of_a_routine_opens_nothing() -> None:
    assert texts("SELECT begin atomic; SELECT 2") == ["SELECT begin atomic", "SELECT 2"]


def test_a_large_file_is_split_in_a_moment() -> None:
    assert len(list(split(b"CREATE TABLE t (a text DEFAULT 'x;y', b integer);\n" * 5000))) == 5000
