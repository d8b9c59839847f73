# ruff: noqa: S608 - the queries are put together from constants of these files alone
"""Expressions that the queries to the system catalogs share.

Objects of users have an oid of 16384 or more; only the schema public has a smaller one. Objects of extensions are left
out.
"""


def acl(column: str, default: str) -> str:
    """Return an expression for an access control list as {grantee: privileges}.

    A list that was never changed is null, but a dump writes it out. Both give the same result here.
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
    """Return a condition for objects that users have made outside of extensions and temporary schemas."""
    return f"""({alias}.oid >= 16384 AND NOT EXISTS (
        SELECT FROM pg_depend AS e
        WHERE e.classid = '{catalog}'::regclass AND e.objid = {alias}.oid AND e.deptype = 'e'
    ))"""
