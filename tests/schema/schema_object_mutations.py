"""Changes that somebody may make by hand to objects other than tables, and how a verification reports them."""

from __future__ import annotations

# What somebody does as superuser, and what has to be reported. The zoo has one of every kind of object.
OBJECT_MUTATIONS: list[tuple[str, str]] = [
    # functions
    (
        "CREATE OR REPLACE FUNCTION public.refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN RETURN NULL; END'",
        "function public.refuse_change(): definition is CREATE OR REPLACE FUNCTION",
    ),
    ("ALTER FUNCTION zoo.twice(integer) SECURITY DEFINER", "function zoo.twice(n integer): definition is"),
    ("ALTER FUNCTION zoo.twice(integer) VOLATILE", "function zoo.twice(n integer): definition is"),
    ("ALTER FUNCTION zoo.twice(integer) OWNER TO postgres", "function zoo.twice(n integer): acl is"),
    ("ALTER FUNCTION public.refuse_change() RESET search_path", "function public.refuse_change(): definition is"),
    (
        "ALTER FUNCTION public.tool_calls_open_add() SECURITY INVOKER",
        "function public.tool_calls_open_add(): definition is",
    ),
    (
        "ALTER FUNCTION public.tool_calls_open_remove() RESET enable_seqscan",
        "function public.tool_calls_open_remove(): definition is",
    ),
    (
        "CREATE OR REPLACE FUNCTION public.tool_calls_open_by_hand() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN RETURN NULL; END'",
        "function public.tool_calls_open_by_hand(): definition is",
    ),
    ("CREATE FUNCTION public.odd() RETURNS integer LANGUAGE sql RETURN 1", "function public.odd() should not be there"),
    (
        "CREATE FUNCTION pg_catalog.odd() RETURNS integer LANGUAGE sql RETURN 1",
        "function pg_catalog.odd() should not be there",
    ),
    ("DROP PROCEDURE zoo.feed()", "procedure zoo.feed() is missing"),
    ("DROP AGGREGATE zoo.total(integer)", "aggregate zoo.total(integer) is missing"),
    # sequences, types, rules, policies, statistics, extensions, languages
    ("ALTER SEQUENCE zoo.tickets INCREMENT 2", "sequence zoo.tickets: sequence is AS bigint START 10 INCREMENT 2"),
    ("ALTER SEQUENCE public.tool_calls_id_seq CYCLE", "sequence public.tool_calls_id_seq: sequence is AS integer"),
    ("ALTER SEQUENCE zoo.tickets OWNED BY zoo.food.kilos", "sequence zoo.tickets: owned_by is zoo.food.kilos"),
    ("ALTER TYPE zoo.mood ADD VALUE 'odd'", "enum zoo.mood: labels is good, bad, odd, should be good, bad"),
    ("ALTER TYPE zoo.pair ADD ATTRIBUTE c date", "column zoo.pair.c should not be there"),
    ("ALTER DOMAIN zoo.share SET DEFAULT 1", "domain zoo.share: default is 1, should be 0"),
    ("ALTER DOMAIN zoo.share SET NOT NULL", "domain zoo.share: not_null is yes"),
    ("DROP TYPE zoo.span", "range zoo.span is missing"),
    ("DROP RULE no_delete ON zoo.animals", "rule zoo.animals.no_delete is missing"),
    ("ALTER TABLE zoo.animals DISABLE RULE no_delete", "rule zoo.animals.no_delete: enabled is D, should be O"),
    (
        "CREATE RULE odd AS ON INSERT TO public.decision_log DO INSTEAD NOTHING",
        "rule public.decision_log.odd should not be there",
    ),
    ("DROP POLICY own ON zoo.animals", "policy zoo.animals.own is missing"),
    ("ALTER POLICY own ON zoo.animals TO PUBLIC", "policy zoo.animals.own: roles is PUBLIC, should be jarvis"),
    ("ALTER POLICY own ON zoo.animals USING (true)", "policy zoo.animals.own: using is true"),
    ("DROP STATISTICS zoo.animals_stats", "statistics zoo.animals_stats is missing"),
    ("DROP EXTENSION plpgsql CASCADE", "extension plpgsql is missing"),
    (
        "UPDATE pg_language SET lanpltrusted = false WHERE lanname = 'plpgsql'",
        "language plpgsql: trusted is no, should be yes",
    ),
    ("CREATE CAST (zoo.mood AS integer) WITH INOUT", "cast (zoo.mood AS integer) should not be there"),
    (
        "CREATE OPERATOR public.## (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4pl)",
        "operator public.##(integer,integer) should not be there",
    ),
    ('CREATE COLLATION public.odd FROM "C"', "collation public.odd should not be there"),
    (
        "CREATE FUNCTION zoo.e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        " CREATE EVENT TRIGGER odd ON ddl_command_start EXECUTE FUNCTION zoo.e()",
        "event trigger odd should not be there",
    ),
    ("CREATE PUBLICATION odd FOR TABLE public.tool_calls", "publication odd should not be there"),
    (
        "CREATE SUBSCRIPTION odd CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)",
        "subscription odd should not be there",
    ),
    (
        "SELECT lo_create(4711); GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC",
        "large object 4711 should not be there",
    ),
    (
        "CREATE OR REPLACE FUNCTION pg_catalog.pg_get_userbyid(oid) RETURNS name LANGUAGE sql STABLE"
        " AS 'SELECT ''x''::name'",
        "system functions pg_catalog: functions is pg_get_userbyid(oid): ",
    ),
    (
        "ALTER FUNCTION pg_catalog.length(text) OWNER TO jarvis",
        "system functions pg_catalog: functions is length(text): ",
    ),
    (
        "CREATE TABLE zoo.visits_2027 PARTITION OF zoo.visits FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');"
        " CREATE INDEX odd ON zoo.visits_2027 (people)",
        "index zoo.odd should not be there",
    ),
    ("CREATE SCHEMA odd", "schema odd should not be there"),
    ("ALTER SCHEMA zoo OWNER TO jarvis", "schema zoo: acl is"),
    # privileges
    ("GRANT UPDATE ON public.tool_calls TO jarvis", "table public.tool_calls: acl is jarvis: INSERT,SELECT,UPDATE"),
    ("GRANT DELETE ON public.tool_calls_open TO jarvis", "table public.tool_calls_open: acl is jarvis: DELETE,SELECT"),
    (
        "GRANT EXECUTE ON FUNCTION public.tool_calls_open_remove() TO jarvis",
        "function public.tool_calls_open_remove(): acl is jarvis: EXECUTE",
    ),
    (
        "GRANT TRIGGER ON public.agent_state TO jarvis",
        "table public.agent_state: acl is jarvis: DELETE,INSERT,SELECT,TRIGGER,UPDATE",
    ),
    ("GRANT SELECT ON public.tool_calls TO PUBLIC", "table public.tool_calls: acl is PUBLIC: SELECT, jarvis:"),
    (
        "GRANT SELECT ON public.tool_calls TO jarvis_readonly WITH GRANT OPTION",
        "table public.tool_calls: acl is jarvis: INSERT,SELECT",
    ),
    ("REVOKE INSERT ON public.tool_calls FROM jarvis", "table public.tool_calls: acl is jarvis: SELECT"),
    ("GRANT UPDATE (status) ON public.tool_calls TO jarvis", "column public.tool_calls.status: acl is jarvis: UPDATE"),
    (
        "REVOKE SELECT (name) ON zoo.animals FROM jarvis",
        "column zoo.animals.name: acl is not set, should be jarvis: SELECT",
    ),
    (
        "GRANT UPDATE ON SEQUENCE public.tool_calls_id_seq TO jarvis",
        "sequence public.tool_calls_id_seq: acl is jarvis: UPDATE",
    ),
    ("GRANT CREATE ON SCHEMA public TO PUBLIC", "schema public: acl is PUBLIC: CREATE"),
    ("REVOKE CREATE ON SCHEMA public FROM jarvis", "schema public: acl is jarvis: USAGE"),
    ("GRANT USAGE ON SCHEMA jarvis_meta TO jarvis", "schema jarvis_meta: acl is jarvis: USAGE"),
    ("GRANT INSERT ON jarvis_meta.migrations TO jarvis", "table jarvis_meta.migrations: acl is jarvis: INSERT"),
    (
        "GRANT EXECUTE ON FUNCTION public.refuse_change() TO PUBLIC",
        "function public.refuse_change(): acl is PUBLIC: EXECUTE",
    ),
    ("GRANT USAGE ON TYPE zoo.mood TO PUBLIC", "enum zoo.mood: acl is PUBLIC: USAGE"),
    (
        "ALTER DEFAULT PRIVILEGES FOR ROLE jarvis_owner GRANT ALL ON TABLES TO jarvis",
        "default privilege of jarvis_owner for tables should not be there",
    ),
    ("GRANT SELECT ON pg_authid TO jarvis", "system privilege table pg_authid should not be there"),
    (
        "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO jarvis",
        "system privilege function pg_read_file(text) should not be there",
    ),
    (
        "GRANT SELECT (rolpassword) ON pg_authid TO jarvis",
        "system privilege column rolpassword of table pg_authid should not be there",
    ),
]
