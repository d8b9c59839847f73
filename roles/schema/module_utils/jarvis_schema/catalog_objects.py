# ruff: noqa: S608 - the queries are put together from constants of this file alone
"""The queries for all objects that are no part of a table. Each returns kind, identity, owner and facts."""

from .catalog_sql import acl, users

SCHEMAS = f"""
SELECT 'schema', format('%I', n.nspname), n.nspowner::regrole::text, jsonb_build_object(
    'owner', n.nspowner::regrole, 'acl', {acl("n.nspacl", "acldefault('n', n.nspowner)")})
FROM pg_namespace AS n
WHERE ({users("pg_namespace", "n")} OR n.nspname = 'public') AND n.nspname !~ '^pg_(toast|temp_)'
"""

STATISTICS = f"""
SELECT 'statistics', format('%I.%I', n.nspname, s.stxname), s.stxowner::regrole::text,
    jsonb_build_object('owner', s.stxowner::regrole, 'definition', pg_get_statisticsobjdef(s.oid))
FROM pg_statistic_ext AS s
JOIN pg_namespace AS n ON n.oid = s.stxnamespace
WHERE {users("pg_statistic_ext", "s")}
"""

FUNCTIONS = f"""
SELECT
    CASE p.prokind WHEN 'a' THEN 'aggregate' WHEN 'p' THEN 'procedure' ELSE 'function' END,
    format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
    p.proowner::regrole::text,
    jsonb_build_object(
        'owner', p.proowner::regrole,
        'acl', {acl("p.proacl", "acldefault('f', p.proowner)")},
        'definition', CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) ELSE (
            SELECT format('%s %s %s %s', g.aggtransfn, g.aggfinalfn, g.aggtranstype::regtype, g.agginitval)
            FROM pg_aggregate AS g WHERE g.aggfnoid = p.oid) END)
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE {users("pg_proc", "p")} AND n.nspname !~ '^pg_temp_'
"""

TYPES = f"""
SELECT
    CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range' ELSE 'type' END,
    format('%I.%I', n.nspname, t.typname), t.typowner::regrole::text,
    jsonb_build_object(
        'owner', t.typowner::regrole,
        'acl', {acl("t.typacl", "acldefault('T', t.typowner)")},
        'labels', (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum AS e WHERE e.enumtypid = t.oid),
        'base', CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END,
        'not_null', nullif(t.typnotnull, false),
        'default', t.typdefault,
        'collation', CASE WHEN t.typtype = 'd' THEN nullif(t.typcollation, 0)::regcollation END,
        'subtype', (SELECT r.rngsubtype::regtype FROM pg_range AS r WHERE r.rngtypid = t.oid),
        'functions', CASE WHEN t.typtype = 'b' THEN format('%s %s', t.typinput, t.typoutput) END)
FROM pg_type AS t
JOIN pg_namespace AS n ON n.oid = t.typnamespace
WHERE {users("pg_type", "t")} AND n.nspname !~ '^pg_(toast|temp_)' AND (
    t.typtype IN ('e', 'd', 'r')
    OR (t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type AS e WHERE e.typarray = t.oid))
    OR (t.typtype = 'c' AND EXISTS (SELECT FROM pg_class AS c WHERE c.oid = t.typrelid AND c.relkind = 'c')))
"""

EXTENSIONS = """
SELECT 'extension', format('%I', e.extname), e.extowner::regrole::text, jsonb_build_object(
    'version', e.extversion, 'schema', e.extnamespace::regnamespace)
FROM pg_extension AS e
"""

LANGUAGES = f"""
SELECT 'language', format('%I', l.lanname), l.lanowner::regrole::text, jsonb_build_object(
    'owner', l.lanowner::regrole, 'trusted', l.lanpltrusted, 'acl', {acl("l.lanacl", "acldefault('l', l.lanowner)")})
FROM pg_language AS l
"""

DEFAULT_PRIVILEGES = f"""
SELECT 'default privilege',
    format('of %s for %s%s', d.defaclrole::regrole,
        CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
            WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' END,
        ' in ' || nullif(d.defaclnamespace, 0)::regnamespace),
    d.defaclrole::regrole::text,
    jsonb_build_object('acl', {acl("d.defaclacl", "NULL")})
FROM pg_default_acl AS d
"""

EVENT_TRIGGERS = """
SELECT 'event trigger', format('%I', e.evtname), e.evtowner::regrole::text, jsonb_build_object(
    'owner', e.evtowner::regrole, 'event', e.evtevent, 'function', e.evtfoid::regprocedure, 'enabled', e.evtenabled,
    'tags', to_jsonb(e.evttags))
FROM pg_event_trigger AS e
"""

PUBLICATIONS = """
SELECT 'publication', format('%I', p.pubname), p.pubowner::regrole::text, jsonb_build_object(
    'owner', p.pubowner::regrole, 'all_tables', p.puballtables,
    'tables', (SELECT jsonb_agg(r.prrelid::regclass::text ORDER BY r.prrelid::regclass::text)
        FROM pg_publication_rel AS r WHERE r.prpubid = p.oid))
FROM pg_publication AS p
"""

# The catalog lists the subscriptions of all databases, so this selects those of this one. Their addresses, which hold
# passwords, are left out.
SUBSCRIPTIONS = """
SELECT 'subscription', format('%I', s.subname), s.subowner::regrole::text, jsonb_build_object(
    'owner', s.subowner::regrole, 'enabled', s.subenabled, 'publications', to_jsonb(s.subpublications))
FROM pg_subscription AS s
WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

# Large objects that everybody may read or write, whoever owns them.
LARGE_OBJECTS = """
SELECT 'large object', l.oid::text, NULL, jsonb_build_object(
    'owner', l.lomowner::regrole, 'public', string_agg(x.privilege_type, ',' ORDER BY x.privilege_type))
FROM pg_largeobject_metadata AS l, aclexplode(l.lomacl) AS x
WHERE x.grantee = 0
GROUP BY l.oid
"""

# A digest of each of the server's own functions, because everybody, also a superuser, would call one that was replaced.
SYSTEM_FUNCTIONS = """
SELECT 'system functions', 'pg_catalog', 'postgres', jsonb_build_object('functions', jsonb_object_agg(
    format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)),
    left(md5(concat_ws('|', p.proowner, p.prolang, p.prosrc, p.probin, p.prosecdef, p.proleakproof, p.proisstrict,
        p.provolatile, p.proparallel, p.prosupport, p.prorettype, p.proconfig, p.prosqlbody)), 8)))
FROM pg_proc AS p
WHERE p.oid < 16384 AND p.pronamespace = 'pg_catalog'::regnamespace
"""

# A right given on the system's own tables and functions, such as pg_authid or pg_read_file().
SYSTEM_PRIVILEGES = f"""
SELECT 'system privilege', pg_describe_object(s.catalog, s.oid, s.part), 'postgres', jsonb_build_object('acl', {
    acl("s.acl", "NULL")
})
FROM (
    SELECT 'pg_class'::regclass AS catalog, oid, 0 AS part, relacl AS acl FROM pg_class WHERE relacl IS NOT NULL
    UNION ALL
    SELECT 'pg_class'::regclass, attrelid, attnum, attacl FROM pg_attribute WHERE attacl IS NOT NULL
    UNION ALL
    SELECT 'pg_proc'::regclass, oid, 0, proacl FROM pg_proc WHERE proacl IS NOT NULL
    UNION ALL
    SELECT 'pg_namespace'::regclass, oid, 0, nspacl FROM pg_namespace WHERE nspacl IS NOT NULL AND nspname <> 'public'
) AS s
LEFT JOIN pg_init_privs AS i ON i.classoid = s.catalog AND i.objoid = s.oid AND i.objsubid = s.part
WHERE s.oid < 16384 AND s.acl IS DISTINCT FROM i.initprivs
"""

# Of rarer objects, only the existence and the owner are read.
OTHERS = "\nUNION ALL\n".join(
    f"""
SELECT o.type, o.identity, {owner}, jsonb_build_object('owner', {owner})
FROM {catalog} AS x, pg_identify_object('{catalog}'::regclass, x.oid, 0) AS o
WHERE {users(catalog, "x")}"""
    for catalog, owner in (
        # A cast has no owner, so this takes an owner of its types.
        (
            "pg_cast",
            "(SELECT min(t.typowner::regrole::text) FROM pg_type AS t"
            " WHERE t.oid IN (x.castsource, x.casttarget) AND t.oid >= 16384)",
        ),
        ("pg_collation", "x.collowner::regrole::text"),
        ("pg_conversion", "x.conowner::regrole::text"),
        ("pg_operator", "x.oprowner::regrole::text"),
        ("pg_opclass", "x.opcowner::regrole::text"),
        ("pg_opfamily", "x.opfowner::regrole::text"),
        ("pg_ts_config", "x.cfgowner::regrole::text"),
        ("pg_ts_dict", "x.dictowner::regrole::text"),
        ("pg_ts_parser", "NULL::text"),
        ("pg_ts_template", "NULL::text"),
        ("pg_transform", "NULL::text"),
        ("pg_am", "NULL::text"),
        ("pg_foreign_data_wrapper", "x.fdwowner::regrole::text"),
        ("pg_foreign_server", "x.srvowner::regrole::text"),
        ("pg_user_mapping", "NULL::text"),
    )
)

QUERIES = (
    SCHEMAS,
    STATISTICS,
    FUNCTIONS,
    TYPES,
    EXTENSIONS,
    LANGUAGES,
    DEFAULT_PRIVILEGES,
    EVENT_TRIGGERS,
    PUBLICATIONS,
    SUBSCRIPTIONS,
    LARGE_OBJECTS,
    SYSTEM_FUNCTIONS,
    SYSTEM_PRIVILEGES,
    OTHERS,
)
