"""What can be changed by hand, and what has to be told of it."""

from __future__ import annotations

from schema_server import shipped

# One of every kind of object that the shipped schema has none of.
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

# What somebody does as superuser, and what has to be told. Undone where it is not in the database alone.
MUTATIONS: list[tuple[str, str]] = [
    # tables
    ("CREATE TABLE public.extra (n integer)", "table public.extra should not be there"),
    ("DROP TABLE public.agent_state", "table public.agent_state is missing"),
    ("ALTER TABLE public.agent_state RENAME TO agent_states", "table public.agent_state is missing"),
    ("ALTER TABLE public.tool_calls SET UNLOGGED", "table public.tool_calls: persistence is u, should be not set"),
    ("ALTER TABLE public.tool_calls SET (fillfactor = 50)", "table public.tool_calls: options is fillfactor=50"),
    ("ALTER TABLE public.tool_calls OWNER TO jarvis", "table public.tool_calls: acl is"),
    ("ALTER TABLE public.tool_calls ENABLE ROW LEVEL SECURITY", "table public.tool_calls: row_security is yes"),
    ("ALTER TABLE zoo.animals DISABLE ROW LEVEL SECURITY", "table zoo.animals: row_security is not set"),
    ("ALTER TABLE zoo.animals FORCE ROW LEVEL SECURITY", "table zoo.animals: row_security_forced is yes"),
    ("ALTER TABLE public.tool_calls REPLICA IDENTITY FULL", "table public.tool_calls: replica_identity is f"),
    ("ALTER TABLE zoo.visits DETACH PARTITION zoo.visits_2026", "table zoo.visits_2026: parents is not set"),
    ("CREATE TABLE zoo.child () INHERITS (zoo.food)", "table zoo.child should not be there"),
    ("CREATE UNLOGGED TABLE zoo.fast (n integer)", "table zoo.fast should not be there"),
    # columns
    ("ALTER TABLE public.agent_state ADD COLUMN extra integer", "column public.agent_state.extra should not be there"),
    ("ALTER TABLE public.decision_log DROP COLUMN cycle_id", "column public.decision_log.cycle_id is missing"),
    (
        "ALTER TABLE public.agent_state ALTER value TYPE text USING value::text",
        "column public.agent_state.value: type is text, should be jsonb",
    ),
    (
        "ALTER TABLE public.agent_state ALTER key TYPE varchar(255)",
        "column public.agent_state.key: type is character varying(255), should be character varying(256)",
    ),
    (
        "ALTER TABLE public.agent_state ALTER updated_at TYPE timestamptz",
        "column public.agent_state.updated_at: type is timestamp with time zone, should be timestamp without time zone",
    ),
    (
        "ALTER TABLE public.agent_state ALTER value DROP NOT NULL",
        "column public.agent_state.value: not_null is not set",
    ),
    ("ALTER TABLE public.tool_calls ALTER output SET NOT NULL", "column public.tool_calls.output: not_null is yes"),
    (
        "ALTER TABLE public.memory_facts ALTER is_stale DROP DEFAULT",
        "column public.memory_facts.is_stale: default is not set",
    ),
    (
        "ALTER TABLE public.tool_calls ALTER status SET DEFAULT 'new'",
        "column public.tool_calls.status: default is 'new'::character varying",
    ),
    (
        "ALTER TABLE public.tool_calls ALTER id SET GENERATED BY DEFAULT",
        "column public.tool_calls.id: identity is BY DEFAULT, should be ALWAYS",
    ),
    ("ALTER TABLE public.tool_calls ALTER id DROP IDENTITY", "column public.tool_calls.id: identity is not set"),
    ("ALTER TABLE zoo.animals ALTER double DROP EXPRESSION", "column zoo.animals.double: generated is not set"),
    ('ALTER TABLE zoo.animals ALTER name TYPE text COLLATE "default"', "column zoo.animals.name: collation is not set"),
    (
        "ALTER TABLE public.agent_state ALTER value SET STORAGE EXTERNAL",
        "column public.agent_state.value: storage is e",
    ),
    (
        "ALTER TABLE public.agent_state ALTER value SET COMPRESSION pglz",
        "column public.agent_state.value: compression is p",
    ),
    ("ALTER TABLE public.agent_state ALTER key SET STATISTICS 500", "column public.agent_state.key: statistics is 500"),
    (
        "ALTER TABLE public.agent_state ALTER key SET (n_distinct = 5)",
        "column public.agent_state.key: options is n_distinct=5",
    ),
    (
        "ALTER TABLE zoo.food RENAME animal TO a; ALTER TABLE zoo.food ADD animal integer; ALTER TABLE zoo.food DROP a",
        "table zoo.food: column_order is kilos, animal, should be animal, kilos",
    ),
    # constraints
    (
        "ALTER TABLE public.agent_state DROP CONSTRAINT agent_state_key_unique",
        "constraint public.agent_state.agent_state_key_unique is missing",
    ),
    (
        "ALTER TABLE public.tool_calls DROP CONSTRAINT tool_calls_parent_id_tool_calls_id_fk",
        "constraint public.tool_calls.tool_calls_parent_id_tool_calls_id_fk is missing",
    ),
    (
        "ALTER TABLE public.tool_calls ALTER CONSTRAINT tool_calls_parent_id_tool_calls_id_fk DEFERRABLE",
        "constraint public.tool_calls.tool_calls_parent_id_tool_calls_id_fk: definition is FOREIGN"
        " KEY (parent_id) REFERENCES public.tool_calls(id) DEFERRABLE",
    ),
    (
        "ALTER TABLE public.agent_state ADD CONSTRAINT odd CHECK (key <> '') NOT VALID",
        "constraint public.agent_state.odd should not be there",
    ),
    (
        "ALTER TABLE zoo.animals DROP CONSTRAINT animals_keeper_check;"
        " ALTER TABLE zoo.animals ADD CONSTRAINT animals_keeper_check CHECK (keeper > 0) NOT VALID",
        "constraint zoo.animals.animals_keeper_check: definition is CHECK ((keeper > 0)) NOT"
        " VALID, should be CHECK ((keeper > 0))",
    ),
    (
        "ALTER TABLE zoo.animals DROP CONSTRAINT animals_keeper_key; ALTER TABLE zoo.animals ADD"
        " CONSTRAINT animals_keeper_key UNIQUE (keeper)",
        "constraint zoo.animals.animals_keeper_key: definition is UNIQUE (keeper), should be"
        " UNIQUE (keeper) DEFERRABLE",
    ),
    ("ALTER DOMAIN zoo.share DROP CONSTRAINT share_check", "constraint zoo.share.share_check is missing"),
    # indexes
    ("DROP INDEX public.tool_calls_open_idx", "index public.tool_calls_open_idx is missing"),
    ("CREATE INDEX odd ON public.tool_calls (status)", "index public.odd should not be there"),
    (
        "DROP INDEX public.tool_calls_parent_id_unique; CREATE INDEX tool_calls_parent_id_unique"
        " ON public.tool_calls (parent_id)",
        "index public.tool_calls_parent_id_unique: definition is CREATE INDEX",
    ),
    (
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.tool_calls_open_idx'::regclass",
        "index public.tool_calls_open_idx: valid is no",
    ),
    ("ALTER TABLE zoo.animals CLUSTER ON animals_name_idx", "index zoo.animals_name_idx: clustered is yes"),
    # triggers
    (
        "DROP TRIGGER tool_calls_append_only ON public.tool_calls",
        "trigger public.tool_calls.tool_calls_append_only is missing",
    ),
    (
        "ALTER TABLE public.tool_calls DISABLE TRIGGER tool_calls_append_only",
        "trigger public.tool_calls.tool_calls_append_only: enabled is no, should be always",
    ),
    (
        "ALTER TABLE public.tool_calls ENABLE TRIGGER tool_calls_append_only",
        "trigger public.tool_calls.tool_calls_append_only: enabled is yes, should be always",
    ),
    (
        "ALTER TABLE public.tool_calls DISABLE TRIGGER ALL",
        'constraint trigger public.tool_calls.tool_calls_parent_id_tool_calls_id_fk "RI_FKey_check_ins": enabled is no',
    ),
    (
        "CREATE TRIGGER odd BEFORE INSERT ON public.tool_calls FOR EACH ROW EXECUTE FUNCTION"
        " suppress_redundant_updates_trigger()",
        "trigger public.tool_calls.odd should not be there",
    ),
    (
        "DROP TRIGGER decision_log_append_only ON public.decision_log; CREATE TRIGGER decision_log_append_only"
        " BEFORE DELETE ON public.decision_log EXECUTE FUNCTION public.refuse_change()",
        "trigger public.decision_log.decision_log_append_only: definition is CREATE TRIGGER",
    ),
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
    ("CREATE FUNCTION public.odd() RETURNS integer LANGUAGE sql RETURN 1", "function public.odd() should not be there"),
    (
        "CREATE FUNCTION pg_catalog.odd() RETURNS integer LANGUAGE sql RETURN 1",
        "function pg_catalog.odd() should not be there",
    ),
    ("DROP PROCEDURE zoo.feed()", "procedure zoo.feed() is missing"),
    ("DROP AGGREGATE zoo.total(integer)", "aggregate zoo.total(integer) is missing"),
    # views
    ("DROP VIEW public.open_tool_calls", "view public.open_tool_calls is missing"),
    (
        "CREATE OR REPLACE VIEW public.open_tool_calls AS SELECT id, tool_name, status, input,"
        " started_at FROM tool_calls",
        "view public.open_tool_calls: definition is SELECT",
    ),
    (
        "ALTER VIEW public.open_tool_calls SET (security_invoker = true)",
        "view public.open_tool_calls: options is security_invoker=true",
    ),
    ("DROP MATERIALIZED VIEW zoo.counts", "materialized view zoo.counts is missing"),
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
