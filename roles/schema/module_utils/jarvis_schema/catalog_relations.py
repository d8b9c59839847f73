# ruff: noqa: S608 - the queries are put together from constants of this file alone
"""The queries for tables, views, sequences and such, and for their parts. Each returns kind, identity, owner and facts.

Parts of a table (columns, indexes, …) carry the table's owner.
"""

from .catalog_sql import acl, users

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
    'inherited', nullif(a.attinhcount > 0, false),
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
    jsonb_build_object('definition', pg_get_constraintdef(c.oid), 'valid', nullif(c.convalidated, true),
        'inherited', nullif(c.coninhcount > 0, false))
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
    'inherited', nullif(r.relispartition, false),
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
        'inherited', nullif(t.tgparentid <> 0 OR t.tgisinternal, false),
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

QUERIES = (TABLES, COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, RULES, POLICIES)
