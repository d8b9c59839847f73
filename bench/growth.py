#!/usr/bin/env python3
"""Measure what the logs cost when they grow: questions, inserts, bytes, vacuum, the migration of one that is there.

    JARVIS_TEST_POSTGRES_IMAGE=postgres:16-alpine .venv/bin/python bench/growth.py 10000 1000000 10000000

Prints Markdown, and replaces what bench/growth.md has below its marker. Ten million rows take minutes and 4 GB.
"""

from __future__ import annotations

import os
import pathlib
import sys
import time
from contextlib import closing

ROOT = pathlib.Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests/schema"), str(ROOT / "bench")]

from index_bench import REPEATS, _explain  # noqa: E402
from schema_server import Database, Server, docker, running_server, shipped  # noqa: E402

MARKER = "<!-- measured -->"
OPEN = 500  # calls, at every size
FIRST = "0008_open_tool_calls.sql"  # what is compared: before it, and after the files that follow
BATCH = 10_000  # rows of a vacuum in small portions
VACUUMED = 1_000_000
ADDED = 200_000

FILL = """
SET session_replication_role = replica;
INSERT INTO tool_calls (id, parent_id, tool_name, status, input, started_at) OVERRIDING SYSTEM VALUE
    SELECT n, CASE WHEN n %% 2 = 0 THEN n - 1 END,
        CASE (n + n %% 2) %% 5000 WHEN 0 THEN 'rare' ELSE 'tool_' || (n + n %% 2) %% 40 END,
        CASE WHEN n %% 2 = 0 THEN 'success' ELSE 'started' END, '{"q": 1}', timestamp '2026-01-01' + n * interval '1 s'
    FROM generate_series(1, %(rows)s) AS n WHERE n %% %(gap)s <> 0;
SELECT setval('tool_calls_id_seq', %(rows)s);
VACUUM (ANALYZE, PARALLEL 0) tool_calls;
CHECKPOINT;
"""
QUESTIONS = {
    "what is open": "SELECT * FROM open_tool_calls",
    "the latest 50": "SELECT * FROM tool_calls ORDER BY started_at DESC LIMIT 50",
    "an hour": "SELECT * FROM tool_calls WHERE started_at BETWEEN '2026-01-01 01:00' AND '2026-01-01 02:00'",
    "the latest 50 of a rare tool": (
        "SELECT * FROM tool_calls WHERE tool_name = 'rare' ORDER BY started_at DESC LIMIT 50"
    ),
    "one call, both rows": "SELECT * FROM tool_call_history WHERE id = 4711",
    "the latest 50, both rows": "SELECT * FROM tool_call_history ORDER BY started_at DESC LIMIT 50",
}
PAIR_FILE = "/tmp/pair.sql"  # noqa: S108 - in the container
# A client: starts a call, commits, completes it, commits.
PAIR = r"""
INSERT INTO tool_calls (tool_name, input) VALUES ('search', '{"q": 1}') RETURNING id \gset
INSERT INTO tool_calls (parent_id, tool_name, input, status, output, completed_at)
VALUES (:id, 'search', '{"q": 1}', 'success', '{"hits": 3}', now());
"""


def databases(server: Server, rows: int) -> tuple[Database, Database, float]:
    """Make a log of that size, without and with the open calls' table; return the ms for which inserts waited, too."""
    before, after = Database(server, f"before_{rows}"), Database(server, f"after_{rows}")
    server.create_database(before.name)
    before.run({name: text for name, text in shipped().items() if name < FIRST})
    with closing(before.connect()) as connection, connection.cursor() as cursor:
        for statement in filter(None, map(str.strip, FILL.split(";"))):
            cursor.execute(statement, {"rows": rows, "gap": rows // OPEN})
    server.create_database(after.name, template=before.name)
    begin = time.monotonic()
    after.execute("BEGIN; SET LOCAL ROLE jarvis_owner; SET LOCAL search_path = ''; " + shipped()[FIRST] + "; COMMIT")
    waited = (time.monotonic() - begin) * 1000
    for name in sorted(name for name in shipped() if name > FIRST):
        after.execute(shipped()[name])
    return before, after, waited


def questions(before: Database, after: Database, rows: int) -> list[str]:
    """Ask both in turn."""
    lines = []
    with closing(before.connect()) as one, closing(after.connect()) as other:
        without, with_it = one.cursor(), other.cursor()
        for what, question in QUESTIONS.items():
            pairs = [(_explain(without, question), _explain(with_it, question)) for _ in range(REPEATS)]
            (old, new) = (min(runs) for runs in zip(*pairs, strict=True))
            lines.append(
                f"| {what} | {rows:,} | {old.milliseconds:.2f} | {new.milliseconds:.2f}"
                f" | {old.milliseconds / new.milliseconds:.1f} | {old.pages} | {new.pages} |"
            )
    return lines


def pairs_a_second(database: Database, clients: int) -> float:
    """Let so many clients start and complete calls for 3 seconds."""
    printed = docker(
        *("exec", "--user", "postgres", database.server.container, "pgbench", "-n", "-f", PAIR_FILE),
        *("-U", "jarvis", "-c", str(clients), "-j", "2", "-T", "3", database.name),
    )
    return float(printed.split("tps = ")[1].split()[0])


def inserts(before: Database, after: Database, rows: int) -> list[str]:
    """Let clients start and complete calls in both, in turn."""
    lines = []
    for clients in (1, 4, 8):
        runs = [(pairs_a_second(before, clients), pairs_a_second(after, clients)) for _ in range(3)]
        old, new = (max(rates) for rates in zip(*runs, strict=True))
        lines.append(f"| {rows:,} | {clients} | {old:.0f} | {new:.0f} | {new / old:.2f} |")
    return lines


def sizes(before: Database, after: Database, rows: int) -> str:
    """Return the bytes of a row in the table and in its indexes, and what the table of open calls takes."""
    query = (
        "SELECT pg_relation_size('tool_calls')::float, pg_indexes_size('tool_calls')::float, n::float"
        " FROM (SELECT count(*) AS n FROM tool_calls) AS c"
    )
    cells = []
    for database in (before, after):
        ((heap, indexes, count),) = database.execute(query)
        cells += [f"{heap / count:.0f}", f"{indexes / count:.0f}"]
    ((kept,),) = after.execute("SELECT pg_total_relation_size('tool_calls_open') / 1024")
    return f"| {rows:,} | {' | '.join(cells)} | {kept} |"


def vacuums(before: Database) -> list[str]:
    """Add rows and vacuum them as a server does by default, and as it does by our settings."""
    lines = []
    for what, portion, freeze_age in (
        ("a fifth at once, after a checkpoint (default)", ADDED, 50_000_000),
        (f"every {BATCH:,} rows, not frozen", BATCH, 50_000_000),
        (f"every {BATCH:,} rows, frozen (ours)", BATCH, 0),
    ):
        database = Database(before.server, f"vacuumed_{portion}_{freeze_age}")
        before.server.create_database(database.name, template=before.name)
        with closing(database.connect()) as connection, connection.cursor() as cursor:

            def wal(statement: str, cursor=cursor) -> float:
                cursor.execute("SELECT pg_current_wal_insert_lsn()")
                ((begin,),) = cursor.fetchall()
                cursor.execute(statement)
                cursor.execute("SELECT (pg_current_wal_insert_lsn() - %s) / 1024", (begin,))
                return float(cursor.fetchone()[0])

            cursor.execute(f"SET vacuum_freeze_min_age = {freeze_age}")
            cursor.execute("VACUUM (FREEZE) tool_calls")
            cursor.execute("CHECKPOINT")
            written = 0.0
            for _ in range(ADDED // portion):
                cursor.execute(
                    "INSERT INTO tool_calls (tool_name, input)"
                    " SELECT 'tool_' || n %% 40, '{}' FROM generate_series(1, %s) AS n",
                    (portion,),
                )
                if portion == ADDED:
                    cursor.execute("CHECKPOINT")
                written += wal("VACUUM tool_calls")
            cursor.execute("CHECKPOINT")
            frozen = wal("VACUUM (FREEZE) tool_calls")
            lines.append(f"| {what} | {written:.0f} | {frozen:.0f} |")
    return lines


def measure(server: Server, all_rows: list[int]) -> str:
    """Return all tables as Markdown."""
    asked, rates, bytes_a_row, waits, vacuumed = [], [], [], [], []
    for rows in all_rows:
        before, after, waited = databases(server, rows)
        asked += questions(before, after, rows)
        bytes_a_row.append(sizes(before, after, rows))
        waits.append(f"| {rows:,} | {waited:.0f} |")
        rates += inserts(before, after, rows)
        if rows == VACUUMED:
            vacuumed = vacuums(before)
        for database in (before, after):
            server.execute(f"DROP DATABASE {database.name}")
    return "\n".join(
        [
            f"| question, {OPEN} calls open | rows | ms before | ms | times | pages before | pages |",
            "|---|---:|---:|---:|---:|---:|---:|",
            *asked,
            "",
            "| rows | clients | started and completed calls a second before | now | ratio |",
            "|---:|---:|---:|---:|---:|",
            *rates,
            "",
            "| rows | table, bytes a row before | indexes | table, now | indexes | `tool_calls_open`, kB |",
            "|---:|---:|---:|---:|---:|---:|",
            *bytes_a_row,
            "",
            f"| rows | `{FIRST}`, ms for which inserts wait |",
            "|---:|---:|",
            *waits,
            "",
            f"| {ADDED:,} rows added to a million, vacuumed | kB of WAL | kB when frozen later |",
            "|---|---:|---:|",
            *vacuumed,
        ]
    )


def main() -> None:
    """Measure, print, and keep the figures in growth.md."""
    image = os.environ.get("JARVIS_TEST_POSTGRES_IMAGE")
    if not image:
        sys.exit("JARVIS_TEST_POSTGRES_IMAGE must name a PostgreSQL 16 image, such as postgres:16-alpine")
    settings = ("shared_buffers=512MB", "max_wal_size=8GB", "random_page_cost=1.1", "wal_compression=on")
    with running_server(image, *settings, "autovacuum=off") as server:
        docker("exec", server.container, "sh", "-c", f"cat >{PAIR_FILE} <<'END'{PAIR}END")
        ((version,),) = server.execute("SELECT current_setting('server_version')")
        measured = measure(server, [int(rows) for rows in sys.argv[1:]] or [10_000, 1_000_000])
    machine = f"{os.cpu_count()} cores, load average {os.getloadavg()[1]:.1f}"
    text = f"PostgreSQL {version}, {machine}, the best of several runs, {time.strftime('%Y-%m-%d')}.\n\n{measured}\n"
    print(text)
    report = ROOT / "bench/growth.md"
    report.write_text(report.read_text().split(MARKER)[0] + f"{MARKER}\n\n{text}")


if __name__ == "__main__":
    main()
