"""Tell two spellings of one definition from two definitions.

The server does not keep the text of a definition, but prints it anew from what it has understood. A dump contains the
printed text, and a restored database has understood that one: `x IN ('a')` is printed in another spelling, and this is
printed in a third. So both texts are given to the server again and again, in a shadow with the same, empty tables,
until it prints the text that it was given.
"""

import re
from collections.abc import Sequence
from contextlib import closing

from .catalog import PRINTING, Snapshot
from .drift import Difference
from .session import Target, connect_as_owner, psycopg2

STEPS = 4  # rounds until a text does not change any more; two are usual
PART = re.compile(r'(?P<whole>.+)\.(?P<part>"(?:[^"]|"")+"|[^."]+)', re.DOTALL)
TRY = "jarvis_spelling"  # name of what is made

VIEW = (
    "CREATE TEMPORARY VIEW {new} AS {text}",
    "SELECT pg_get_viewdef('pg_temp.{new}'::regclass)",
)
COPY_OF_TABLE = "CREATE TEMPORARY TABLE {new} (LIKE {whole}); "
# By kind and fact: a statement that makes the server understand the text, and a query that prints it again. {identity}
# is the object, {whole} and {part} are the table and its part, {new} is a free name, {type} is the type of a column.
FORMS = {
    ("view", "definition"): VIEW,
    ("materialized view", "definition"): VIEW,
    ("partitioned table", "partition_key"): (
        "CREATE TEMPORARY TABLE {new} (LIKE {identity}) PARTITION BY {text}",
        "SELECT pg_get_partkeydef('pg_temp.{new}'::regclass)",
    ),
    ("column", "default"): (
        "ALTER TABLE ONLY {whole} ALTER COLUMN {part} SET DEFAULT {text}",
        "SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef AS d JOIN pg_attribute AS a "
        "ON a.attrelid = d.adrelid AND a.attnum = d.adnum "
        "WHERE d.adrelid = '{whole}'::regclass AND quote_ident(a.attname) = '{part}'",
    ),
    ("column", "generated"): (
        COPY_OF_TABLE + "ALTER TABLE pg_temp.{new} DROP COLUMN {part}, "
        "ADD COLUMN {part} {type} GENERATED ALWAYS AS ({text}) STORED",
        "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'pg_temp.{new}'::regclass",
    ),
    ("constraint", "definition"): (
        # Without ONLY, because a check has to be added to the tables that inherit it as well.
        "ALTER TABLE {whole} ADD CONSTRAINT {new} {text}",
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '{new}'",
    ),
    ("domain constraint", "definition"): (
        "ALTER DOMAIN {whole} ADD CONSTRAINT {new} {text}",
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '{new}'",
    ),
    ("domain", "default"): (
        "ALTER DOMAIN {identity} SET DEFAULT {text}",
        "SELECT typdefault FROM pg_type WHERE oid = '{identity}'::regtype",
    ),
    ("index", "definition"): (
        "ALTER INDEX {identity} RENAME TO {new}; {text}",
        "SELECT pg_get_indexdef('{identity}'::regclass)",
    ),
    ("statistics", "definition"): (
        "ALTER STATISTICS {identity} RENAME TO {new}; {text}",
        "SELECT pg_get_statisticsobjdef(s.oid) FROM pg_statistic_ext AS s "
        "WHERE format('%I.%I', s.stxnamespace::regnamespace::name, s.stxname) = '{identity}'",
    ),
    ("trigger", "definition"): (
        "ALTER TRIGGER {part} ON {whole} RENAME TO {new}; {text}",
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger "
        "WHERE tgrelid = '{whole}'::regclass AND quote_ident(tgname) = '{part}'",
    ),
    ("rule", "definition"): (
        "ALTER RULE {part} ON {whole} RENAME TO {new}; {text}",
        "SELECT pg_get_ruledef(oid) FROM pg_rewrite "
        "WHERE ev_class = '{whole}'::regclass AND quote_ident(rulename) = '{part}'",
    ),
    ("policy", "using"): (
        "ALTER POLICY {part} ON {whole} USING ({text})",
        "SELECT pg_get_expr(polqual, polrelid) FROM pg_policy "
        "WHERE polrelid = '{whole}'::regclass AND quote_ident(polname) = '{part}'",
    ),
    ("policy", "with_check"): (
        "ALTER POLICY {part} ON {whole} WITH CHECK ({text})",
        "SELECT pg_get_expr(polwithcheck, polrelid) FROM pg_policy "
        "WHERE polrelid = '{whole}'::regclass AND quote_ident(polname) = '{part}'",
    ),
}
ROUTINE = (
    "{text}",
    "SELECT pg_get_functiondef(p.oid) FROM pg_proc AS p WHERE p.prokind <> 'a' AND "
    "format('%I.%I(%s)', p.pronamespace::regnamespace::name, p.proname, pg_get_function_identity_arguments(p.oid)) "
    "= '{identity}'",
)
FORMS["function", "definition"] = FORMS["procedure", "definition"] = ROUTINE


def comparable(difference: Difference) -> set[str]:
    """Return the facts of this difference whose two values may be spellings of the same."""
    here, there = difference.expected or {}, difference.actual or {}
    return {
        name
        for name in here.keys() & there.keys()
        if (difference.kind, name) in FORMS and isinstance(here[name], str) and isinstance(there[name], str)
    }


def settle(database: str, target: Target, differences: Sequence[Difference], expected: Snapshot) -> list[Difference]:
    """Return the differences that are more than spelling; `database` is a shadow with the expected objects."""
    settings = {"durable": False, "search_path": "", "lock_timeout": target.lock_timeout}
    with closing(connect_as_owner(target, database, **settings)) as connection, connection.cursor() as cursor:
        return _more_than_spelling(cursor, differences, expected)


def _more_than_spelling(cursor, differences: Sequence[Difference], expected: Snapshot) -> list[Difference]:
    left = []
    for difference in differences:
        same = {name for name in comparable(difference) if _settled(cursor, difference, name, expected)}
        here = {name: fact for name, fact in (difference.expected or {}).items() if name not in same}
        there = {name: fact for name, fact in (difference.actual or {}).items() if name not in same}
        if not same:
            left.append(difference)
        elif here or there:
            left.append(difference._replace(expected=here, actual=there))
    return left


def _settled(cursor, difference: Difference, name: str, expected: Snapshot) -> bool:
    """Return whether both texts are printed the same way in the end."""
    kind, identity = difference.kind, difference.identity
    parts = PART.fullmatch(identity)
    names = {
        "identity": identity,
        "new": TRY,
        "whole": parts["whole"] if parts else identity,
        "part": parts["part"] if parts else identity,
        "type": expected[kind, identity].facts.get("type"),
    }
    if kind == "constraint" and ("domain", names["whole"]) in expected:
        kind = "domain constraint"
    change, look = FORMS[kind, name]
    quoted = {key: str(value).replace("'", "''") for key, value in names.items()}
    texts = [difference.expected[name], difference.actual[name]]
    for _ in range(STEPS):
        printed = [_printed(cursor, _fill(change, {**names, "text": text}), _fill(look, quoted)) for text in texts]
        if None in printed:
            return False
        if printed[0] == printed[1]:
            return True
        texts = printed
    return False


def _fill(form: str, values: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda place: values[place[1]], form)


def _printed(cursor, change: str, look: str) -> str | None:
    """Return the text that the server prints for a text, or None if it refuses that. The database stays unchanged."""
    cursor.execute("BEGIN")
    try:
        cursor.execute(PRINTING)
        cursor.execute("SET LOCAL check_function_bodies = off")
        cursor.execute(change)
        cursor.execute(look)
        row = cursor.fetchone()
    except psycopg2.Error:
        return None
    else:
        return row and row[0]
    finally:
        if not cursor.connection.closed:
            cursor.execute("ROLLBACK")
