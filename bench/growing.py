"""What logs cost when they grow: rates, questions and bytes at more and more rows, beside the smallest size."""

from __future__ import annotations

import statistics
import sys
from contextlib import ExitStack, closing

from bench.hosts import ROOT, SETTINGS
from bench.lab import Lab
from bench.measure import Curve, Figure, Section, interleaved

# Where the servers of the schema's tests are, and the scripts that tell more of each.
sys.path[:0] = [str(ROOT / "tests/schema"), str(ROOT / "bench")]

from growth import FILL, FIRST, OPEN, PAIR, PAIR_FILE, QUESTIONS, pairs_a_second  # noqa: E402
from index_bench import _explain  # noqa: E402
from schema_server import Database, Server, docker, running_server, shipped  # noqa: E402

SERVER = ("shared_buffers=512MB", "max_wal_size=8GB", "random_page_cost=1.1", "wal_compression=on", "autovacuum=off")
CLIENTS = 4
BYTES = """
SELECT pg_relation_size('tool_calls')::float / n, pg_indexes_size('tool_calls')::float / n
FROM (SELECT count(*) AS n FROM tool_calls) AS counted
"""


def grown(server: Server, rows: int) -> Database:
    """Return a database whose log has so many rows, as a host has it that was deployed long ago."""
    database = Database(server, f"grown_{rows}")
    server.create_database(database.name)
    database.run({name: text for name, text in shipped().items() if name < FIRST})
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        for statement in filter(None, map(str.strip, FILL.split(";"))):
            cursor.execute(statement, {"rows": rows, "gap": rows // OPEN})
    database.run()
    return database


def asked(databases: dict[int, Database], rounds: int) -> dict[str, dict[int, list[float]]]:
    """Return {question: {rows: microseconds}}, all sizes in turn."""
    with ExitStack() as stack:
        cursors = {
            rows: stack.enter_context(closing(database.connect())).cursor() for rows, database in databases.items()
        }
        found = {}
        for name, question in QUESTIONS.items():
            ways = {
                str(rows): lambda cursor=cursor, question=question: _explain(cursor, question).milliseconds * 1000
                for rows, cursor in cursors.items()
            }
            found[name] = {int(rows): taken for rows, taken in interleaved(ways, rounds).items()}
        return found


def measure(lab: Lab) -> Section:
    """Fill a database a size, then ask and insert in all of them in turn."""
    sizes = [10_000, 100_000] if lab.quick else [10_000, 100_000, 1_000_000, 10_000_000]
    with running_server(SETTINGS["images_postgres"], *SERVER) as server:
        docker("exec", server.container, "sh", "-c", f"cat >{PAIR_FILE} <<'END'{PAIR}END")
        databases = {}
        for rows in sizes:
            lab.say(f"filling a log of {rows:,} rows")
            databases[rows] = grown(server, rows)
        sizes_in_bytes = {rows: database.execute(BYTES)[0] for rows, database in databases.items()}
        lab.say("questions and inserts at all sizes in turn")
        questions = asked(databases, 5)
        ways = {str(rows): lambda one=one: pairs_a_second(one, CLIENTS) for rows, one in databases.items()}
        rates = {int(rows): taken for rows, taken in interleaved(ways, 2 if lab.quick else 5).items()}
    smallest = sizes[0]
    figures = []
    for rows in sizes[1:]:
        figures += [Figure(f"{name}, {rows:,} rows", "µs", of[rows], of[smallest]) for name, of in questions.items()]
        figures.append(Figure(f"calls, {rows:,} rows", "a second", rates[rows], rates[smallest]))
        for what, number in (("table", 0), ("indexes", 1)):
            both = [[float(sizes_in_bytes[size][number])] for size in (rows, smallest)]
            figures.append(Figure(f"{what}, {rows:,} rows", "bytes a row", *both))
    curves = {name: {rows: statistics.median(taken) for rows, taken in of.items()} for name, of in questions.items()}
    pairs = {"started and completed": {rows: statistics.median(taken) for rows, taken in rates.items()}}
    return Section(
        "How logs grow",
        f"the same log with {smallest:,} rows, in the same rounds",
        figures,
        [f"{OPEN} calls are open at every size. A call is a start and its completion, two commits; {CLIENTS} clients."],
        [
            Curve("questions", "rows", "microseconds", curves, by_powers=True),
            Curve("inserts", "rows", "calls a second", pairs, by_powers=True),
        ],
    )
