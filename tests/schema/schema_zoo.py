"""A migration with an object of every kind, for mutations to change."""

from __future__ import annotations

from schema_server import shipped

ZOO = {
    **shipped(),
    "0900_zoo.sql": """
        CREATE SCHEMA zoo;
        CREATE TYPE zoo.mood AS ENUM ('good', 'bad');
        CREATE TYPE zoo.pair AS (a integer, b text);
        CREATE TYPE zoo.span AS RANGE (subtype = integer);
        CREATE DOMAIN zoo.share AS numeric(3, 2) DEFAULT 0 CHECK (VALUE >= 0);
        CREATE SEQUENCE zoo.tickets START 10 CACHE 5;
        CREATE TABLE zoo.animals (
            id integer PRIMARY KEY, name text COLLATE "C", born date,
            double integer GENERATED ALWAYS AS (id * 2) STORED,
            keeper integer, CONSTRAINT animals_keeper_check CHECK (keeper > 0),
            CONSTRAINT animals_keeper_key UNIQUE (keeper) DEFERRABLE
        );
        CREATE TABLE zoo.food (animal integer REFERENCES zoo.animals (id), kilos numeric);
        CREATE TABLE zoo.visits (day date, people integer) PARTITION BY RANGE (day);
        CREATE TABLE zoo.visits_2026 PARTITION OF zoo.visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
        CREATE MATERIALIZED VIEW zoo.counts AS SELECT count(*) AS n FROM zoo.animals;
        CREATE INDEX animals_name_idx ON zoo.animals (name);
        CREATE STATISTICS zoo.animals_stats ON id, keeper FROM zoo.animals;
        CREATE RULE no_delete AS ON DELETE TO zoo.animals DO INSTEAD NOTHING;
        ALTER TABLE zoo.animals ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON zoo.animals FOR SELECT TO jarvis USING (keeper = 1);
        CREATE FUNCTION zoo.twice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN n * 2;
        CREATE PROCEDURE zoo.feed() LANGUAGE sql AS 'SELECT 1';
        CREATE AGGREGATE zoo.total(integer) (SFUNC = int4pl, STYPE = integer);
        GRANT SELECT (name) ON zoo.animals TO jarvis;
        GRANT USAGE ON SEQUENCE zoo.tickets TO jarvis;
        GRANT EXECUTE ON FUNCTION zoo.twice(integer) TO jarvis;
        ALTER DEFAULT PRIVILEGES IN SCHEMA zoo GRANT SELECT ON TABLES TO jarvis_readonly;
    """,
}
