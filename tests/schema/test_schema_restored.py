"""A restored dump is no drift, however its definitions are spelled. Real differences in it are."""

from __future__ import annotations

import pytest
from schema_server import Database, Server, docker, shipped

SHAPES = {
    **shipped(),
    "0900_shapes.sql": r"""
        CREATE TYPE public.mood AS ENUM ('good', 'bad', 'odd');
        CREATE DOMAIN public.word AS varchar(20) DEFAULT 'a' CHECK (VALUE IN ('a', 'b'))
            CONSTRAINT no_c CHECK (VALUE NOT IN ('c', 'd') AND VALUE <> '');
        CREATE DOMAIN public.fixed AS bpchar DEFAULT 'x' CHECK (VALUE IN ('x', 'y'));
        CREATE TABLE public.shapes (
            id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            v varchar(20) DEFAULT 'a' || 'b' CHECK (v IN ('a', 'b')) CHECK (v NOT IN ('c', 'd')),
            v_one varchar(20) CHECK (v_one IN ('a')),
            c char(3) DEFAULT 'abc' CHECK (c IN ('a', 'b')),
            n name CHECK (n IN ('a', 'b')) DEFAULT current_user,
            t text DEFAULT lower('A') CHECK (t IN ('a', 'b')) CHECK (t SIMILAR TO '(a|b)%'),
            m public.mood DEFAULT 'good' CHECK (m IN ('good', 'bad')),
            w public.word, f public.fixed,
            i integer CHECK (i IN (1, 2)) CHECK (i BETWEEN 1 AND 5 OR i IS NULL OR i = 9 OR i = 10),
            b bigint CHECK (b IN (1, 2)), s smallint CHECK (s = ANY (ARRAY[1, 2])),
            d date DEFAULT '2026-01-01' CHECK (d > '2020-01-01'), ts timestamptz DEFAULT now() + interval '1 day',
            x xml, j jsonb DEFAULT '{"a": 1}' CHECK (j ->> 'a' IN ('1', '2')),
            va varchar[] DEFAULT '{a,b}' CHECK (va <@ ARRAY['a', 'b']::varchar[]),
            bits bit(3) DEFAULT B'101', num numeric(5, 2) DEFAULT 1.50 CHECK (num > -1),
            row_ok boolean CHECK ((i, v) IS DISTINCT FROM (1, 'a')),
            up text GENERATED ALWAYS AS (CASE WHEN v IN ('a', 'b') THEN upper(v) ELSE coalesce(c, 'none') END) STORED,
            twice integer GENERATED ALWAYS AS (i * 2 + -1) STORED,
            CONSTRAINT many CHECK (v IN ('a', 'b') OR c IN ('x', 'y') AND NOT n IN ('q', 'r') OR t LIKE 'a%'),
            CONSTRAINT nested CHECK (((v = 'a' OR v = 'b') OR v = 'c') AND (i = 1 OR (i = 2 OR i = 3))),
            CONSTRAINT cased CHECK (CASE v WHEN 'a' THEN true WHEN 'b' THEN c IN ('a', 'b') ELSE false END),
            CONSTRAINT later CHECK (v IN ('a', 'b', 'c')) NOT VALID,
            EXCLUDE (i WITH =) WHERE (v IN ('a', 'b'))
        );
        CREATE INDEX shapes_predicate ON public.shapes (id) WHERE v IN ('a', 'b') AND c NOT IN ('x', 'y');
        CREATE UNIQUE INDEX shapes_expression ON public.shapes ((v IN ('a', 'b')), (v || c) DESC NULLS LAST);
        CREATE STATISTICS public.shapes_statistics ON (v IN ('a', 'b')), (lower(v)) FROM public.shapes;
        CREATE TABLE public.parted (v varchar(20), d date)
            PARTITION BY LIST ((CASE WHEN v IN ('a', 'b') THEN 1 END));
        CREATE TABLE public.parted_one PARTITION OF public.parted FOR VALUES IN (1, NULL);
        CREATE TABLE public.words (v varchar(20) CHECK (v IN ('a', 'b', 'c'))) PARTITION BY LIST (v);
        CREATE TABLE public.words_a PARTITION OF public.words FOR VALUES IN ('a', 'b');
        CREATE TABLE public.ranged (t text, d timestamp) PARTITION BY RANGE (lower(t), d);
        CREATE TABLE public.ranged_a PARTITION OF public.ranged FOR VALUES FROM ('a', MINVALUE) TO ('m', '2026-01-01');
        CREATE VIEW public.shapes_view AS
            SELECT s.id, s.v IN ('a', 'b') AS known, s.c NOT IN ('x', 'y') AS other, a.v AS again
            FROM public.shapes AS s LEFT JOIN public.shapes AS a USING (id)
            WHERE s.v IN ('a', 'b') OR s.v = ANY (ARRAY['c', 'd'])
                OR EXISTS (SELECT FROM public.words WHERE v IN ('a', 'b'));
        CREATE VIEW public.shapes_named (one, two) AS
            SELECT id, count(*) FILTER (WHERE v IN ('a', 'b')) OVER (ORDER BY c)
            FROM public.shapes UNION ALL VALUES (1, 2) ORDER BY 1;
        CREATE VIEW public.shapes_checked AS
            SELECT * FROM public.shapes WHERE v IN ('a', 'b') WITH CASCADED CHECK OPTION;
        CREATE RECURSIVE VIEW public.counted (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counted WHERE n < 5;
        CREATE MATERIALIZED VIEW public.shapes_counted AS
            SELECT v, count(*) AS n FROM public.shapes WHERE v IN ('a', 'b') GROUP BY GROUPING SETS ((v), ());
        CREATE INDEX shapes_counted_idx ON public.shapes_counted (v) WHERE v IN ('a', 'b');
        ALTER TABLE public.shapes ENABLE ROW LEVEL SECURITY;
        CREATE POLICY known ON public.shapes FOR ALL TO jarvis USING (v IN ('a', 'b')) WITH CHECK (v NOT IN ('c', 'd'));
        CREATE POLICY others ON public.shapes AS RESTRICTIVE FOR SELECT
            USING (EXISTS (SELECT FROM public.words AS w WHERE w.v = shapes.v AND w.v IN ('a', 'b')));
        CREATE RULE shapes_rule AS ON UPDATE TO public.shapes WHERE new.v IN ('a', 'b') AND old.c NOT IN ('x', 'y')
            DO ALSO (INSERT INTO public.words (v) VALUES (new.v); DELETE FROM public.words WHERE v IN ('c', 'd'));
        CREATE FUNCTION public.noop() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER shapes_trigger AFTER UPDATE OF v ON public.shapes FOR EACH ROW
            WHEN (new.v IN ('a', 'b') AND old.v IS DISTINCT FROM new.v) EXECUTE FUNCTION public.noop('a', 'b');
        CREATE FUNCTION public.known(v varchar DEFAULT 'a' || 'b', many boolean DEFAULT 'a'::varchar IN ('a', 'b'))
            RETURNS boolean LANGUAGE sql IMMUTABLE RETURN v IN ('a', 'b');
        CREATE FUNCTION public.listed() RETURNS SETOF integer LANGUAGE sql
            BEGIN ATOMIC SELECT id FROM public.shapes WHERE v IN ('a', 'b'); END;
        CREATE PROCEDURE public.clean(what varchar) LANGUAGE sql
            BEGIN ATOMIC DELETE FROM public.words WHERE v IN ('a', 'b') AND v = what; END;
    """,
}
# Changes to a restored database, and what has to be reported for each.
CHANGES = [
    (
        "ALTER TABLE public.shapes DROP CONSTRAINT shapes_v_check; "
        "ALTER TABLE public.shapes ADD CONSTRAINT shapes_v_check CHECK (v IN ('a', 'c'))",
        "constraint public.shapes.shapes_v_check: definition is",
    ),
    ("ALTER TABLE public.shapes ALTER v SET DEFAULT 'a' || 'c'", "column public.shapes.v: default is"),
    ("ALTER POLICY known ON public.shapes USING (v IN ('a'))", "policy public.shapes.known: using is"),
    (
        "CREATE OR REPLACE VIEW public.counted AS SELECT 1 AS n",
        "view public.counted: definition is",
    ),
    (
        "DROP INDEX public.shapes_predicate; CREATE INDEX shapes_predicate ON public.shapes (id) WHERE v IN ('a', 'b')",
        "index public.shapes_predicate: definition is",
    ),
    (
        "CREATE OR REPLACE FUNCTION public.listed() RETURNS SETOF integer LANGUAGE sql "
        "BEGIN ATOMIC SELECT id FROM public.shapes WHERE v IN ('a'); END",
        "function public.listed(): definition is",
    ),
    ("ALTER DOMAIN public.word SET DEFAULT 'b'", "domain public.word: default is"),
]


def restore(server: Server, source: str, name: str) -> Database:
    server.create_database(name)
    command = f"pg_dump -U postgres {source} | psql -q -U postgres -v ON_ERROR_STOP=1 {name}"
    docker("exec", server.container, "sh", "-c", command)
    return Database(server, name)


@pytest.fixture(scope="module")
def restored(server: Server) -> Database:
    """Make a database that was dumped and restored twice."""
    server.create_database("shapes")
    Database(server, "shapes").run(SHAPES)
    restore(server, "shapes", "shapes_once")
    return restore(server, "shapes_once", "shapes_twice")


def test_a_database_that_was_dumped_and_restored_has_no_drift(server: Server, restored: Database) -> None:
    for name in ("shapes", "shapes_once", "shapes_twice"):
        outcome = Database(server, name).run(SHAPES, state="verified")
        assert outcome.drift == []
        assert ("spelling" in outcome.timings) == (name != "shapes"), "a shadow is made only where texts differ"


def test_what_differs_in_a_restored_database_is_still_told(server: Server, restored: Database) -> None:
    for number, (change, line) in enumerate(CHANGES):
        name = f"shapes_changed_{number}"
        server.create_database(name, template=restored.name)
        database = Database(server, name)
        database.execute(change)
        told = database.run(SHAPES, state="verified", expect_failure=True).failure.splitlines()[1:]
        assert len(told) == 1, told
        assert told[0].startswith(line)
