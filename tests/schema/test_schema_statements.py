"""The splitter cuts where the server does. The server prints where each statement of a text begins and ends."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import psycopg2
import pytest
from jarvis_schema.splitter import split
from schema_server import Database, Server

TABLES = """
CREATE TABLE t (a integer, b integer, e text, "end" integer, "case" integer, "begin" integer, a$b$ integer, ä$b$ text);
CREATE TABLE begin (begin integer, atomic integer);
CREATE TABLE "--;" (";" integer, "a"";" integer);
CREATE SCHEMA begin;
CREATE TYPE begin.kind AS (a integer);
CREATE DOMAIN atomic AS integer;
CREATE OPERATOR @ (RIGHTARG = integer, FUNCTION = int4abs);
"""
# Each entry is a text, with the number of its statements.
CORPUS = [
    # dollar quotes: any letter, digits after the first one, and texts that are no dollar quotes
    ("SELECT $ä$;$ä$; SELECT 2", 2),
    ("SELECT $日本_1$;$日本$;$日本_1$; SELECT 2", 2),
    ("SELECT $\u00a0$;$\u00a0$; SELECT 2", 2),
    ("SELECT $\u200b$;$\u200b$; SELECT 2", 2),
    ("SELECT $🦉$ ; $🦉 ; $🦉$; SELECT 2", 2),
    ("SELECT $$;$a$;$$; SELECT 2", 2),
    ("SELECT $a$;$$;$A$;$a$; SELECT 2", 2),
    ("SELECT $a$ $b$a$; SELECT 2", 2),
    ("SELECT a$b$ FROM t; SELECT ä$b$ FROM t; SELECT t.a$b$ FROM t", 3),
    ("SELECT 1 AS _$a$, '$a$'; SELECT 2", 2),
    ("DO $$BEGIN NULL; END$$; DO LANGUAGE plpgsql $_$BEGIN NULL; END$_$", 2),
    # strings of every kind
    ("SELECT 'it''s;'; SELECT '\\'; SELECT '''';", 3),
    ("SELECT E'\\';', e'\\\\', E'''', E''; SELECT 2", 2),
    ("SELECT E'a'\n'b\\';c'; SELECT 2", 2),
    ("SELECT E'a' -- ';\n  -- '\n 'b\\';c'; SELECT 2", 2),
    ("SELECT E'a' -- -- ';\n\n  -- '\n\t\f'b\\';c'\n 'd\\'; SELECT 2'; SELECT 3", 2),
    ("SELECT E'a'\r'b\\';c'; SELECT 2", 2),
    ("SELECT 'a'\n'b\\'; SELECT 2", 2),
    ("SELECT E'a' /* \n */; SELECT '\\'; SELECT 3", 3),
    ("SELECT E'a' -- \n, '\\'; SELECT 3", 2),
    ("SELECT e, '\\' FROM t; SELECT t.e,'\\' FROM t; SELECT 3", 3),
    ("SELECT text'\\'; SELECT 2", 2),
    ("SELECT U&'d!0061;' UESCAPE '!'; SELECT U&'\\0061;'; SELECT U&'\\\\'; SELECT 4", 4),
    ('SELECT 1 AS U&"d\\0061;"; SELECT 2 AS u&"a"";" UESCAPE \'!\'', 2),
    ("SELECT B'1', X'1F', N';', b'0', x'', n'\\'; SELECT 2", 2),
    ('SELECT ";", "a"";" FROM "--;"; SELECT 2', 2),
    # comments
    ("SELECT 1 -- ; ' \" $$ /*\n; SELECT 2", 2),
    ("SELECT 1 -- ends here\r; SELECT 2", 2),
    ("/* ; /* ; */ ' ; */ SELECT 1; /**/ SELECT 2 /* ; **/; /*/ ; /* */ */ SELECT 3", 3),
    ("SELECT 1 /*;*/ + /*/*;*/*/ 2; SELECT /*--*/ 3", 2),
    ("SELECT 1 +-- ;\n 2; SELECT 3 +/* ; */ 4; SELECT @--;\n 6; SELECT 7 */* ; */ 8", 4),
    ("SELECT '{}'::json->>'b;', '{}'::json #>> '{d;}', 1 - -1, 2--;\n; SELECT 2", 2),
    ("-- only a comment\n;; /* and another */ ; SELECT 1 ;; -- no more", 1),
    # the scanner's white space and letters, which differ from Python's
    ("SELECT\f1;\f\tSELECT\r2", 2),
    ("SELECT 1 AS \u00a0; SELECT 2 AS \u3000; SELECT 3 \u200b; SELECT 4 AS x\ufeff", 4),
    ("SELECT \u00a0.e, '\\' FROM t AS \u00a0; SELECT 2", 2),
    ("SELECT 1 AS \u0661; SELECT 2 \u2028; SELECT 3 AS ½$a$", 3),
    # numbers
    ("SELECT 1_000, 0x1F, 0b1, 1.5e-3, .5, 1., 1e5::int; SELECT 2", 2),
    ("SELECT make_interval(days := 2); SELECT ('{1,2}'::int[])[1:2]", 2),
    # statements inside parentheses and bodies
    ('CREATE RULE r AS ON DELETE TO t DO INSTEAD (DELETE FROM begin; DELETE FROM "--;";); SELECT 2', 2),
    ("CREATE RULE r AS ON DELETE TO t DO (NOTIFY a; SELECT ');'); SELECT 2", 2),
    ("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END; SELECT 2", 2),
    ("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE 1 WHEN 1 THEN CASE 2 WHEN 2 THEN 3 END END; END", 1),
    ("CREATE OR REPLACE PROCEDURE p(begin atomic) BEGIN ATOMIC END; SELECT 2", 2),
    ("create function f() returns int begin /* ; */ atomic select 1 as begin; select 2 as end; end; select 2", 2),
    (
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 end; SELECT 2 case; "
        "SELECT t.end + t.case + t.begin FROM t; END; SELECT 2",
        2,
    ),
    (
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 begin; "
        "INSERT INTO begin (begin, atomic) VALUES (1, 2); RETURN 1; END; SELECT 2",
        2,
    ),
    ("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC ; ; SELECT 1; -- end\n ; END /* ; */; SELECT 2", 2),
    ('CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 "end"; SELECT 2 "atomic"; END; SELECT 2', 2),
    ("CREATE FUNCTION begin.atomic() RETURNS int RETURN 1; SELECT 2", 2),
    ("CREATE FUNCTION f() RETURNS begin.kind BEGIN ATOMIC SELECT 1; END; SELECT 2", 2),
    ("CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path TO begin BEGIN ATOMIC RETURN 1; END; SELECT 2", 2),
    ("CREATE FUNCTION f() RETURNS TABLE (begin atomic) AS 'x' LANGUAGE sql; SELECT 2", 2),
    ("CREATE FUNCTION f(a int DEFAULT CASE WHEN true THEN 1 END) RETURNS int AS ';' LANGUAGE sql; SELECT 2", 2),
    ("SELECT 1 begin; SELECT 1 AS end; SELECT CASE WHEN true THEN 1 END; SELECT 4", 4),
    ("CREATE TABLE function (begin atomic, b int); CREATE VIEW v AS SELECT 1 begin; SELECT 2", 3),
    ("CREATE TABLE atomic_ (begin atomic); CREATE VIEW begin_ AS SELECT begin.atomic FROM begin; SELECT 2", 3),
    ("SET LOCAL search_path = begin, pg_temp; BEGIN; SELECT 1 AS atomic", 3),
]
EXPRESSIONS = [
    *("1", "1.5e3", "0x1F", "t.a", "a$b$", "e", "t.end", "t.case", "1 AS \u00a0", "'x;'", "''''", "'\\'", "E'\\';'"),
    *(
        "E'a'\n'\\';'",
        "E'a' -- '\n'\\''",
        "E'a' -- '\n-- ;\n\n'\\''",
        "'a' -- '\n'\\'",
        "$$;$$",
        "$ä$;$$;$ä$",
        "$_$ $a$ $_$",
    ),
    *("U&'\\0061;'", "B'1'", "N'\"'", "CASE WHEN true THEN ';' END", "(SELECT 1)", "a -- ;\n", "/* ; */ b"),
    *(
        "/* /* ' */ */ 3",
        "1 AS end",
        "1 begin",
        "lower(';')",
        "1+-- ;\n1",
        "-/*;*/1",
        "e || E'\\\\'",
        "E'a''\\'' \f\n \r '\\';'",
    ),
]
STATEMENTS = [
    *("SELECT {} FROM t", "SELECT {} , {} FROM t", "VALUES ((SELECT {} FROM t))", "", "TABLE begin"),
    "CREATE OR REPLACE FUNCTION f() RETURNS void BEGIN ATOMIC SELECT {} FROM t; SELECT {} FROM t; END",
    "CREATE OR REPLACE FUNCTION g(begin atomic) RETURNS void BEGIN ATOMIC ; SELECT {} FROM t ;; END",
    "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC END",
    "CREATE OR REPLACE RULE r AS ON INSERT TO t DO ALSO (SELECT {} FROM t; SELECT {} FROM t)",
    "CREATE OR REPLACE FUNCTION h() RETURNS text LANGUAGE sql AS $f$SELECT {} FROM t; SELECT 'x'; $f$",
]
SEPARATORS = [";", "; ", ";\n", " ;-- ;\n", ";/* ; */", ";;", ";\f", "/**/;\r"]
PLACE = re.compile(r":stmt_location\s+(-?\d+)\s+:stmt_len\s+(-?\d+)")
LEADING = re.compile(rb"(?:[ \t\n\r\f]+|--[^\n\r]*|/\*(?:[^*/]|/(?!\*)|\*(?!/)|/\*(?:[^*]|\*(?!/))*\*/)*\*/)*")


class Notices(list):
    """All notices of a connection. A plain list would not do, since psycopg2 keeps only its last fifty."""


@pytest.fixture(scope="module")
def cursor(server: Server) -> Iterator:
    server.create_database("statements")
    database = Database(server, "statements")
    database.execute(TABLES)
    connection = database.connect()
    connection.notices = Notices()
    with connection.cursor() as cursor:
        cursor.execute("SET check_function_bodies = off; SET client_min_messages = log; SET debug_pretty_print = off")
        yield cursor
    connection.close()


def servers(cursor, text: str) -> list[tuple[int, int]]:
    """Run the text in one go, and return where the server says that its statements begin and end, in bytes."""
    data = text.encode()
    cursor.execute("BEGIN")
    cursor.execute("SET LOCAL debug_print_parse = on")
    cursor.connection.notices.clear()
    try:
        cursor.execute(data)
        trees = [notice for notice in cursor.connection.notices if "parse tree:" in notice]
    finally:
        cursor.execute("ROLLBACK")
    found = []
    for tree in trees:
        start, length = map(int, PLACE.findall(tree)[-1])
        end = start + length if length else len(data)
        # The server counts white space and comments before a statement as a part of it.
        begin = LEADING.match(data, start, end).end()
        found.append((begin, end))
    return found


def ours(text: str) -> list[tuple[int, int]]:
    """Return the same for the splitter's statements, which end before white space and comments."""
    data = text.encode()
    found = []
    for statement in split(data):
        rest = LEADING.match(data, statement.end).end()
        found.append((statement.offset, rest))
    return found


@pytest.mark.parametrize(("text", "count"), CORPUS)
def test_statements_begin_and_end_where_the_server_has_them(cursor, text: str, count: int) -> None:
    expected = servers(cursor, text)
    assert len(expected) == count, "the corpus is wrong"
    assert ours(text) == expected


def test_statements_of_texts_made_at_random_are_the_servers(cursor) -> None:
    choose = random.Random(16)  # noqa: S311 - the same texts each time
    compared = 0
    for _ in range(400):
        pieces = [
            choose.choice(STATEMENTS).format(choose.choice(EXPRESSIONS), choose.choice(EXPRESSIONS)) for _ in range(4)
        ]
        text = "".join(piece + choose.choice(SEPARATORS) for piece in pieces)
        try:
            expected = servers(cursor, text)
        except psycopg2.Error:
            # Such a text does not run as a migration, either.
            continue
        compared += 1
        assert ours(text) == expected, text
    assert compared > 150
