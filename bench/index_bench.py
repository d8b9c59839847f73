"""What every index of the shipped schema answers on a million rows, and what it costs an insert."""

from __future__ import annotations

import re
import time
from typing import NamedTuple

from schema_server import Database

ROWS = 1_000_000
BATCH = 20_000  # rows of an insert whose time is taken
REPEATS = 5
EXACT_BELOW = 10  # times; above, a decimal says nothing

# A million tool calls (half of them completions, one start in a thousand still open), and as many of the others.
FILL = f"""
SET session_replication_role = replica;
INSERT INTO tool_calls (id, parent_id, tool_name, status, input, started_at)
    OVERRIDING SYSTEM VALUE
    SELECT n, CASE WHEN n % 2 = 0 AND n % 2000 <> 0 THEN n - 1 END,
        CASE (n + n % 2) % 5000 WHEN 0 THEN 'rare' ELSE 'tool_' || (n + n % 2) % 40 END,
        CASE WHEN n % 2 = 0 THEN 'success' ELSE 'started' END, '{{"q": 1}}', timestamp '2026-01-01' + n * interval '1 s'
    FROM generate_series(1, {ROWS}) AS n WHERE n % 2000 <> 0;
INSERT INTO decision_log (cycle_id, reasoning, decision, created_at)
    SELECT CASE WHEN n % 3 > 0 THEN n / 20 END, '{{}}', 'go on', timestamp '2026-01-01' + n * interval '1 s'
    FROM generate_series(1, {ROWS}) AS n;
INSERT INTO planning_cycles (goals, started_at)
    SELECT '[]', timestamp '2026-01-01' + n * interval '1 s' FROM generate_series(1, {ROWS}) AS n;
INSERT INTO memory_facts (subject, body, is_stale)
    SELECT 'subject ' || n / 10, '{{}}', n % 10 > 0 FROM generate_series(1, {ROWS}) AS n;
SELECT setval('tool_calls_id_seq', {ROWS});
VACUUM ANALYZE;
"""  # noqa: S608 - a constant of this file

QUESTIONS = {
    "tool_calls_started_at_idx": "SELECT * FROM tool_calls ORDER BY started_at DESC LIMIT 50",
    "decision_log_created_at_idx": (
        "SELECT * FROM decision_log WHERE created_at BETWEEN '2026-01-05 10:00' AND '2026-01-05 10:15'"
    ),
    "planning_cycles_started_at_idx": "SELECT * FROM planning_cycles ORDER BY started_at DESC LIMIT 50",
    "tool_calls_tool_name_started_at_idx": (
        "SELECT * FROM tool_calls WHERE tool_name = 'rare' ORDER BY started_at DESC LIMIT 50"
    ),
    "decision_log_cycle_id_idx": "SELECT * FROM decision_log WHERE cycle_id = 4711",
    "tool_calls_parent_id_unique": "SELECT * FROM tool_call_history WHERE id = 4711",
    "planning_cycles_parent_id_unique": "SELECT * FROM planning_cycle_history WHERE id = 4711",
    "memory_facts_current_subject_idx": "SELECT * FROM memory_facts WHERE subject = 'subject 4711' AND NOT is_stale",
}

INSERTS = {
    "tool_calls": (
        "INSERT INTO tool_calls (tool_name, input) SELECT 'tool_' || n % 40, '{{}}' FROM generate_series(1, {rows}) n"
    ),
    "decision_log": (
        "INSERT INTO decision_log (cycle_id, reasoning, decision)"
        " SELECT n, '{{}}', 'x' FROM generate_series(1, {rows}) n"
    ),
    "planning_cycles": "INSERT INTO planning_cycles (goals) SELECT '[]' FROM generate_series(1, {rows}) n",
    "memory_facts": (
        "INSERT INTO memory_facts (subject, body) SELECT 'fact ' || n, '{{}}' FROM generate_series(1, {rows}) n"
    ),
}


class Plan(NamedTuple):
    """How the server answered a question."""

    milliseconds: float
    pages: int  # of 8 kB, looked at
    text: str


def _explain(cursor, question: str) -> Plan:
    cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) {question}")
    text = "\n".join(line for (line,) in cursor.fetchall())
    buffers = re.search(r"Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?", text)
    return Plan(
        milliseconds=float(re.search(r"Execution Time: ([\d.]+)", text).group(1)),
        pages=sum(int(count or 0) for count in buffers.groups()),
        text=text,
    )


def plans(database: Database) -> list[str]:
    """Fill the tables, and show each question with and without its index."""
    connection = database.connect()
    lines = [
        "| index | question, on a million rows | ms with it | without | times | pages with it | without |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    with connection.cursor() as cursor:
        for statement in filter(None, map(str.strip, FILL.split(";"))):
            cursor.execute(statement)
        for index, question in QUESTIONS.items():
            pairs = []
            for _ in range(REPEATS):  # in turn, so that whatever else the machine does is in both
                with_it = _explain(cursor, question)
                cursor.execute(f"BEGIN; DROP INDEX {index}")
                pairs.append((with_it, _explain(cursor, question)))
                cursor.execute("ROLLBACK")
            with_it, without = (min(runs) for runs in zip(*pairs, strict=True))
            if index not in with_it.text:
                raise RuntimeError(f"{index} is not used:\n{with_it.text}")
            times = without.milliseconds / with_it.milliseconds
            lines.append(
                f"| `{index}` | `{question}` | {with_it.milliseconds:.2f} | {without.milliseconds:.1f} "
                f"| {times:.{int(times < EXACT_BELOW)}f} | {with_it.pages} | {without.pages} |"
            )
    connection.close()
    return lines


def costs(database: Database) -> list[str]:
    """Show what an insert costs with all indexes, and without each of them."""
    connection = database.connect()
    lines = [
        f"| index | insert of {BATCH:,} rows, µs a row | without it | its cost | size, MB |",
        "|---|---:|---:|---:|---:|",
    ]
    with connection.cursor() as cursor:

        def insert(table: str, dropped: str = "") -> float:
            cursor.execute("BEGIN" + (f"; DROP INDEX {dropped}" if dropped else ""))
            begin = time.monotonic()
            cursor.execute(INSERTS[table].format(rows=BATCH))
            spent = time.monotonic() - begin
            cursor.execute("ROLLBACK")
            return spent * 1_000_000 / BATCH

        for table in INSERTS:
            for index in (name for name in QUESTIONS if name.startswith(table)):
                # In turn, so that whatever else the machine does is in both.
                pairs = [(insert(table), insert(table, index)) for _ in range(REPEATS)]
                everything, without = (min(times) for times in zip(*pairs, strict=True))
                cursor.execute("SELECT pg_relation_size(%s::regclass) / 1048576.0", (index,))
                ((size,),) = cursor.fetchall()
                lines.append(
                    f"| `{index}` | {everything:.2f} | {without:.2f} | {everything - without:.2f} | {size:.0f} |"
                )
    connection.close()
    return lines
