"""Traps that an application may plant. They run if a session takes them for PostgreSQL's own, or uses certain tables.

Each trap writes SPRUNG, its name, and the role as which it ran into the server's log. No rollback undoes that.
"""

from __future__ import annotations

import re
import subprocess

FUNCTIONS = (
    "has_database_privilege has_table_privilege has_schema_privilege format format_type pg_get_expr pg_get_viewdef"
    " pg_get_constraintdef pg_get_indexdef pg_get_functiondef pg_get_userbyid pg_table_is_visible to_regclass"
    " obj_description pg_encoding_to_char current_setting set_config array_to_string split_part lower upper length"
    " substr strpos concat replace quote_ident quote_literal pg_total_relation_size pg_relation_size pg_database_size"
    " pg_describe_object pg_try_advisory_lock now age jsonb_build_object to_jsonb encode sha256 convert_to date_trunc"
    " round pg_sleep acldefault aclexplode"
)
ARGUMENTS = 'text name varchar oid regclass "char"'
OPERATORS = "= <> < > >= || ~ ~~ !~ + - -> ->>"
OPERANDS = 'oid integer bigint text name varchar "char" regclass boolean timestamptz'
PLANT = f"""
CREATE FUNCTION {{schema}}.sprung(trap text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'SPRUNG % as %', trap, current_user; END $$;
DO $do$
DECLARE
    l text; r text; word text;
BEGIN
    FOREACH l IN ARRAY string_to_array('{ARGUMENTS}', ' ') LOOP
        FOREACH word IN ARRAY string_to_array('{FUNCTIONS}', ' ') LOOP
            EXECUTE format($f$CREATE FUNCTION {{schema}}.%I(a %s) RETURNS text LANGUAGE plpgsql AS $b$
                BEGIN PERFORM {{schema}}.sprung('function %s'); RETURN a::text; END $b$ $f$, word, l, word);
            FOREACH r IN ARRAY string_to_array('{ARGUMENTS}', ' ') LOOP
                EXECUTE format($f$CREATE FUNCTION {{schema}}.%I(a %s, b %s) RETURNS text LANGUAGE plpgsql AS $b$
                    BEGIN PERFORM {{schema}}.sprung('function %s'); RETURN a::text; END $b$ $f$, word, l, r, word);
            END LOOP;
        END LOOP;
    END LOOP;
    FOREACH l IN ARRAY string_to_array('{OPERANDS}', ' ') LOOP
        FOREACH r IN ARRAY string_to_array('{OPERANDS}', ' ') LOOP
            EXECUTE format($f$CREATE FUNCTION {{schema}}.equal(a %s, b %s) RETURNS boolean LANGUAGE plpgsql AS $b$
                BEGIN PERFORM {{schema}}.sprung('operator'); RETURN pg_catalog.concat(a) OPERATOR(pg_catalog.=)
                pg_catalog.concat(b); END $b$ $f$, l, r);
            EXECUTE format($f$CREATE FUNCTION {{schema}}.glue(a %s, b %s) RETURNS text LANGUAGE plpgsql AS $b$
                BEGIN PERFORM {{schema}}.sprung('operator'); RETURN pg_catalog.concat(a, b); END $b$ $f$, l, r);
            FOREACH word IN ARRAY string_to_array('{OPERATORS}', ' ') LOOP
                EXECUTE format('CREATE OPERATOR {{schema}}.%s (FUNCTION = {{schema}}.%s, LEFTARG = %s, RIGHTARG = %s)',
                    word, CASE WHEN word IN ('||', '+', '-', '->', '->>') THEN 'glue' ELSE 'equal' END, l, r);
            END LOOP;
        END LOOP;
    END LOOP;
END $do$;
CREATE FUNCTION {{schema}}.collect(a text, b name, c text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN PERFORM {{schema}}.sprung('aggregate'); RETURN a; END $$;
CREATE AGGREGATE {{schema}}.string_agg(name, text) (SFUNC = {{schema}}.collect, STYPE = text);
CREATE FUNCTION {{schema}}.has_database_privilege(a pg_catalog.text, b pg_catalog.oid, c pg_catalog.text)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN PERFORM {{schema}}.sprung('has_database_privilege'); RETURN true; END $$;
CREATE FUNCTION {{schema}}.judge(anyelement) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN PERFORM {{schema}}.sprung('attached'); RETURN true; END $$;
CREATE FUNCTION {{schema}}.fire() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM {{schema}}.sprung('trigger'); RETURN NEW; END $$;
CREATE DOMAIN {{schema}}.oid AS integer CHECK ({{schema}}.judge(VALUE));
CREATE DOMAIN {{schema}}.text AS pg_catalog.text CHECK ({{schema}}.judge(VALUE));
CREATE TYPE {{schema}}.pair AS (a integer);
CREATE FUNCTION {{schema}}.cast_away({{schema}}.pair) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN PERFORM {{schema}}.sprung('cast'); RETURN 1; END $$;
CREATE CAST ({{schema}}.pair AS integer) WITH FUNCTION {{schema}}.cast_away({{schema}}.pair) AS IMPLICIT;
CREATE TABLE {{schema}}.trapped (
    id integer DEFAULT {{schema}}.cast_away(ROW(1)::{{schema}}.pair),
    word pg_catalog.text CHECK ({{schema}}.judge(word)), number {{schema}}.oid,
    twice boolean GENERATED ALWAYS AS ({{schema}}.judge(word)) STORED, p {{schema}}.pair);
INSERT INTO {{schema}}.trapped (id, word, number, p)
SELECT n, n, n, ROW(n)::{{schema}}.pair FROM pg_catalog.generate_series(1, 100) AS n;
CREATE INDEX trapped_idx ON {{schema}}.trapped ({{schema}}.judge(word)) WHERE {{schema}}.judge(id);
CREATE STATISTICS {{schema}}.trapped_stats ON ({{schema}}.judge(word)), id FROM {{schema}}.trapped;
CREATE TRIGGER trapped BEFORE INSERT OR UPDATE OR DELETE ON {{schema}}.trapped
    FOR EACH ROW EXECUTE FUNCTION {{schema}}.fire();
CREATE RULE trapped AS ON UPDATE TO {{schema}}.trapped DO ALSO SELECT {{schema}}.sprung('rule');
ALTER TABLE {{schema}}.trapped ENABLE ROW LEVEL SECURITY;
CREATE POLICY trapped ON {{schema}}.trapped USING ({{schema}}.judge(word));
CREATE VIEW {{schema}}.pg_class AS SELECT c.*, {{schema}}.judge(c.relname) FROM pg_catalog.pg_class AS c;
CREATE VIEW {{schema}}.pg_roles AS SELECT r.*, {{schema}}.judge(r.rolname) FROM pg_catalog.pg_roles AS r;
CREATE VIEW {{schema}}.pg_stat_activity AS SELECT {{schema}}.judge(1) AS pid;
CREATE VIEW {{schema}}.migrations AS SELECT {{schema}}.judge(1) AS version;
CREATE MATERIALIZED VIEW {{schema}}.counted AS SELECT {{schema}}.judge(id) FROM {{schema}}.trapped;
GRANT ALL ON ALL TABLES IN SCHEMA {{schema}} TO PUBLIC;
"""
# Removes what PLANT made in a schema. What remains there does not belong to the application.
REMOVE = """
DO $$
DECLARE
    one text;
BEGIN
    SET LOCAL search_path = '';
    FOREACH one IN ARRAY ARRAY(
        SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure) FROM pg_proc
        WHERE proowner = current_user::regrole AND pronamespace = '{schema}'::regnamespace
        UNION ALL
        SELECT format('DROP %s IF EXISTS %s CASCADE', CASE relkind WHEN 'r' THEN 'TABLE' WHEN 'v' THEN 'VIEW'
            WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TYPE' END, oid::regclass)
        FROM pg_class WHERE relowner = current_user::regrole AND relnamespace = '{schema}'::regnamespace
            AND relkind IN ('r', 'v', 'm', 'c')
        UNION ALL
        SELECT format('DROP DOMAIN IF EXISTS %s CASCADE', oid::regtype) FROM pg_type
        WHERE typowner = current_user::regrole AND typnamespace = '{schema}'::regnamespace AND typtype = 'd'
    ) LOOP
        EXECUTE one;
    END LOOP;
END $$;
"""
# Objects that a session leaves in its temporary schema, which is searched before all others.
TEMPORARY = """
CREATE FUNCTION pg_temp.sprung(trap text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN RAISE LOG 'SPRUNG % as %', trap, current_user; RETURN true; END $$;
CREATE TEMPORARY VIEW pg_class AS SELECT c.*, pg_temp.sprung('temporary view') FROM pg_catalog.pg_class AS c;
CREATE TEMPORARY VIEW migrations AS SELECT pg_temp.sprung('temporary view');
"""
# Queries of exporters of statistics. They do not set a search path.
EXPORTER = (
    "SELECT datname, pg_database_size(datname) FROM pg_database",
    "SELECT current_database() AS datname, schemaname, relname, seq_scan, n_live_tup FROM pg_stat_user_tables",
    "SELECT schemaname || '.' || relname, pg_total_relation_size(relid) FROM pg_statio_user_tables",
    "SELECT pid, usename, state, now() - xact_start FROM pg_stat_activity WHERE state <> 'idle' AND pid <> 1",
    "SELECT d.datname, tmp.mode, COALESCE(count, 0) FROM (VALUES ('accesssharelock')) AS tmp (mode)"
    " CROSS JOIN pg_database AS d LEFT JOIN (SELECT database, lower(mode) AS mode, count(*) AS count FROM pg_locks"
    " WHERE database IS NOT NULL GROUP BY database, lower(mode)) AS l ON tmp.mode = l.mode AND d.oid = l.database",
    "SELECT c.relname, c.reltuples, age(c.relfrozenxid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_toast'",
    "SELECT i.relname, pg_get_indexdef(i.oid), pg_relation_size(i.oid) FROM pg_class i WHERE relkind = 'i'",
)
# What people type into psql.
LOOKING_AROUND = (
    r"\d+",
    r"\dt *.*",
    r"\df public.*",
    r"\d+ public.trapped",
    r"\l+",
    r"\du",
    r"\dn+",
    r"\sv public.pg_class",
)


def log_length(container: str) -> int:
    """Return the present length of a container's log."""
    return len(_log(container))


def sprung(container: str, since: int) -> list[str]:
    """Return the lines of the log, after this length, about traps that ran as anybody but their owner."""
    return springs_of(_log(container)[since:])


def springs_of(log: str) -> list[str]:
    """Return the lines in a part of a server's log about traps that ran as anybody but their owner."""
    return sorted({f"{trap} as {role}" for trap, role in re.findall(r"SPRUNG (.+) as (\w+)", log) if role != "jarvis"})


def _log(container: str) -> str:
    done = subprocess.run(
        ["docker", "logs", container],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=True,
    )
    return done.stdout
