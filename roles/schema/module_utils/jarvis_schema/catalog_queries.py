# ruff: noqa: S608 - the queries are put together from constants of this file alone
"""The questions to the system catalogs: kind, identity, owner and facts of everything users made.

Users' objects have an oid from 16384 on, only the schema public is older. What belongs to an
extension is its business. Parts of a table (columns, indexes, …) carry the table's owner.
"""


def acl(column: str, default: str) -> str:
    """Return an expression for an access control list as {grantee: privileges}.

    A list that was never changed is null, and a dump writes it out: both read the same here.
    The grantor is left out, because a restored dump has another one.
    """
    return f"""(
        SELECT jsonb_object_agg(a.grantee, a.privileges)
        FROM (
            SELECT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END AS grantee,
                string_agg(
                    x.privilege_type || CASE WHEN x.is_grantable THEN '*' ELSE '' END, ',' ORDER BY x.privilege_type
                ) AS privileges
            FROM aclexplode(coalesce({column}, {default})) AS x
            GROUP BY 1
        ) AS a
    )"""


def users(catalog: str, alias: str) -> str:
    """Return a condition for what users made outside of extensions and temporary schemas."""
    return f"""({alias}.oid >= 16384 AND NOT EXISTS (
        SELECT FROM pg_depend AS e
        WHERE e.classid = '{catalog}'::regclass AND e.objid = {alias}.oid AND e.deptype = 'e'
    ))"""


RELATIONS = f"""
    SELECT c.*, n.nspname, format('%I.%I', n.nspname, c.relname) AS identity
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE {users("pg_class", "c")} AND n.nspname !~ '^pg_(toast|temp_)'
"""
RELATION_KIND = """CASE r.relkind
    WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
    WHEN 'f' THEN 'foreign table' WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'composite type'
END"""

RELATION_ACL = """acldefault(CASE r.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END, r.relowner)"""

SCHEMAS = f"""
SELECT 'schema', format('%I', n.nspname), n.nspowner::regrole::text, jsonb_build_object(
    'owner', n.nspowner::regrole, 'acl', {acl("n.nspacl", "acldefault('n', n.nspowner)")})
FROM pg_namespace AS n
WHERE ({users("pg_namespace", "n")} OR n.nspname = 'public') AND n.nspname !~ '^pg_(toast|temp_)'
"""

TABLES = f"""
WITH r AS ({RELATIONS})
SELECT {RELATION_KIND}, r.identity, r.relowner::regrole::text, jsonb_build_object(
    'owner', r.relowner::regrole,
    'acl', {acl("r.relacl", RELATION_ACL)},
    'persistence', nullif(r.relpersistence, 'p'),
    'row_security', nullif(r.relrowsecurity, false),
    'row_security_forced', nullif(r.relforcerowsecurity, false),
    'replica_identity', CASE WHEN r.relreplident NOT IN ('d', 'n') THEN r.relreplident
        WHEN r.relkind IN ('r', 'p') AND r.relreplident = 'n' THEN 'n' END,
    'options', (SELECT jsonb_agg(o ORDER BY o) FROM unnest(r.reloptions) AS o),
    'access_method', (SELECT nullif(amname, 'heap') FROM pg_am WHERE oid = r.relam),
    'tablespace', (SELECT spcname FROM pg_tablespace WHERE oid = r.reltablespace),
    'of_type', nullif(r.reloftype, 0)::regtype,
    'parents', (SELECT jsonb_agg(i.inhparent::regclass::text ORDER BY i.inhseqno)
        FROM pg_inherits AS i WHERE i.inhrelid = r.oid),
    'partition_key', pg_get_partkeydef(r.oid),
    'partition_bound', pg_get_expr(r.relpartbound, r.oid),
    'definition', CASE WHEN r.relkind IN ('v', 'm') THEN pg_get_viewdef(r.oid) END,
    'server', (SELECT s.srvname FROM pg_foreign_table AS f JOIN pg_foreign_server AS s ON s.oid = f.ftserver
        WHERE f.ftrelid = r.oid),
    'column_order', (SELECT jsonb_agg(a.attname ORDER BY a.attnum) FROM pg_attribute AS a
        WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND r.relkind <> 'S'),
    'sequence', CASE WHEN s.seqrelid IS NOT NULL THEN format(
        'AS %s START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s%s',
        s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,
        CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END) END,
    'owned_by', (SELECT format('%s.%I', d.refobjid::regclass, a.attname)
        FROM pg_depend AS d JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE r.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype IN ('a', 'i')))
FROM r
LEFT JOIN pg_sequence AS s ON s.seqrelid = r.oid
WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c')
"""

COLUMNS = f"""
WITH r AS ({RELATIONS})
SELECT 'column', format('%s.%I', r.identity, a.attname), r.relowner::regrole::text, jsonb_build_object(
    'type', format_type(a.atttypid, a.atttypmod),
    'not_null', nullif(a.attnotnull, false),
    'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
    'generated', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
    'identity', CASE a.attidentity WHEN 'a' THEN 'ALWAYS' WHEN 'd' THEN 'BY DEFAULT' END,
    'collation', CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation END,
    'storage', CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END,
    'compression', nullif(a.attcompression, ''),
    'statistics', nullif(a.attstattarget, -1),
    'options', (SELECT jsonb_agg(o ORDER BY o) FROM unnest(a.attoptions) AS o),
    'acl', CASE WHEN a.attacl IS NOT NULL THEN {acl("a.attacl", "NULL")} END)
FROM r
JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
"""

CONSTRAINTS = f"""
WITH r AS ({RELATIONS})
SELECT 'constraint', format('%s.%I', r.identity, c.conname), r.relowner::regrole::text,
    jsonb_build_object('definition', pg_get_constraintdef(c.oid), 'valid', nullif(c.convalidated, true))
FROM r
JOIN pg_constraint AS c ON c.conrelid = r.oid
UNION ALL
SELECT 'constraint', format('%s.%I', t.oid::regtype, c.conname), t.typowner::regrole::text,
    jsonb_build_object('definition', pg_get_constraintdef(c.oid), 'valid', nullif(c.convalidated, true))
FROM pg_type AS t
JOIN pg_constraint AS c ON c.contypid = t.oid
WHERE {users("pg_type", "t")}
"""

INDEXES = f"""
WITH r AS ({RELATIONS})
SELECT 'index', r.identity, r.relowner::regrole::text, jsonb_build_object(
    'definition', pg_get_indexdef(r.oid),
    'valid', nullif(i.indisvalid AND i.indisready AND i.indislive, true),
    'clustered', nullif(i.indisclustered, false),
    'replica_identity', nullif(i.indisreplident, false),
    'tablespace', (SELECT spcname FROM pg_tablespace WHERE oid = r.reltablespace))
FROM r
JOIN pg_index AS i ON i.indexrelid = r.oid
"""

TRIGGERS = f"""
WITH r AS ({RELATIONS})
SELECT
    CASE WHEN t.tgisinternal THEN 'constraint trigger' ELSE 'trigger' END,
    -- An internal trigger is named by its oid, which a restored dump changes.
    CASE WHEN t.tgisinternal THEN format('%s.%I %s', r.identity, coalesce(c.conname, p.tgname), t.tgfoid::regproc)
        ELSE format('%s.%I', r.identity, t.tgname) END,
    r.relowner::regrole::text,
    jsonb_build_object(
        'definition', CASE WHEN NOT t.tgisinternal THEN pg_get_triggerdef(t.oid) END,
        'enabled', CASE t.tgenabled WHEN 'O' THEN 'yes' WHEN 'D' THEN 'no' WHEN 'R' THEN 'on a replica'
            WHEN 'A' THEN 'always' END)
FROM r
JOIN pg_trigger AS t ON t.tgrelid = r.oid
LEFT JOIN pg_constraint AS c ON c.oid = t.tgconstraint
LEFT JOIN pg_trigger AS p ON p.oid = t.tgparentid
"""

RULES = f"""
WITH r AS ({RELATIONS})
SELECT 'rule', format('%s.%I', r.identity, w.rulename), r.relowner::regrole::text, jsonb_build_object(
    'definition', CASE WHEN w.rulename <> '_RETURN' THEN pg_get_ruledef(w.oid) END, 'enabled', w.ev_enabled)
FROM r
JOIN pg_rewrite AS w ON w.ev_class = r.oid
"""

POLICIES = f"""
WITH r AS ({RELATIONS})
SELECT 'policy', format('%s.%I', r.identity, p.polname), r.relowner::regrole::text, jsonb_build_object(
    'command', p.polcmd, 'permissive', p.polpermissive,
    'roles', (SELECT jsonb_agg(CASE o WHEN 0 THEN 'PUBLIC' ELSE o::regrole::text END ORDER BY o::regrole::text)
        FROM unnest(p.polroles) AS o),
    'using', pg_get_expr(p.polqual, p.polrelid), 'with_check', pg_get_expr(p.polwithcheck, p.polrelid))
FROM r
JOIN pg_policy AS p ON p.polrelid = r.oid
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
    'version', e.extversion, 'schema', e.extnamespace::regnamespace, 'owner', e.extowner::regrole)
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

# Rarer things: that they are there, and whose.
OTHERS = "\nUNION ALL\n".join(
    f"""
SELECT o.type, o.identity, {owner}, jsonb_build_object('owner', {owner})
FROM {catalog} AS x, pg_identify_object('{catalog}'::regclass, x.oid, 0) AS o
WHERE {users(catalog, "x")}"""
    for catalog, owner in (
        ("pg_cast", "NULL::text"),
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

ALL = (
    SCHEMAS,
    TABLES,
    COLUMNS,
    CONSTRAINTS,
    INDEXES,
    TRIGGERS,
    RULES,
    POLICIES,
    STATISTICS,
    FUNCTIONS,
    TYPES,
    EXTENSIONS,
    LANGUAGES,
    DEFAULT_PRIVILEGES,
    EVENT_TRIGGERS,
    PUBLICATIONS,
    SYSTEM_PRIVILEGES,
    OTHERS,
)
