#!/usr/bin/env python3
"""Measure the schema engine side by side with psql and drizzle-kit, and what every index gives and costs.

    JARVIS_TEST_POSTGRES_IMAGE=postgres:16-alpine .venv/bin/python bench/schema.py

Prints Markdown, and replaces what bench/README.md has below its marker.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/schema"), str(ROOT / "bench")]

from index_bench import costs, plans  # noqa: E402
from schema_server import Database, Server, docker, running_server, shipped  # noqa: E402

from bench.old_setup import drizzle  # noqa: E402

MARKER = "<!-- measured -->"
RUNS = 5
TABLES_PER_FILE = 10


def five_hundred_tables() -> dict[str, str]:
    """Return files with 500 tables; each has an identity, an index and a foreign key to the one before."""
    files = {}
    for start in range(0, 500, TABLES_PER_FILE):
        statements = []
        for number in range(start, start + TABLES_PER_FILE):
            parent = f" REFERENCES t{number - 1:03} (id)" if number else ""
            statements += [
                f"CREATE TABLE t{number:03} (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,",
                f"    parent integer{parent}, name varchar(64) NOT NULL, body jsonb NOT NULL,",
                "    made timestamp DEFAULT now() NOT NULL);",
                f"CREATE INDEX t{number:03}_name ON t{number:03} (name);",
            ]
        files[f"{start // TABLES_PER_FILE + 1:04}_tables.sql"] = "\n".join(statements) + "\n"
    return files


def module(database: Database, files: dict[str, str], **arguments: object) -> float:
    """Run the module as a process, as Ansible does; return the milliseconds that it spends inside."""
    values = {
        "files": files,
        "database": database.name,
        "owner": "jarvis_owner",
        "application_roles": ["jarvis"],
        "reader_roles": ["jarvis_readonly"],
        "login_unix_socket": database.server.socket,
        **arguments,
    }
    done = subprocess.run(
        [sys.executable, ROOT / "tests/schema/run_module.py"],
        input=json.dumps(values),
        check=False,
        capture_output=True,
        text=True,
    )
    result = json.loads(done.stdout)
    if result.get("failed"):
        raise RuntimeError(result["msg"])
    return result["timings"]["total"]


def psql(database: Database, files: dict[str, str]) -> float:
    """Let psql in the server's container run the same files, a transaction each; return milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (pathlib.Path(folder) / name).write_text(text)
        docker("cp", f"{folder}/.", f"{database.server.container}:/tmp/{database.name}")
    command = f"psql -q $one -v ON_ERROR_STOP=1 -U postgres -d {database.name} -c 'SET ROLE jarvis_owner'"
    transaction = 'one=-1; grep -q "^-- no-transaction" "$f" && one='
    script = f'for f in /tmp/{database.name}/*.sql; do {transaction}; {command} -f "$f" || exit 1; done'
    timed = f"TIMEFORMAT=%R; time {{ {script}; }} 2>/dev/null"
    done = subprocess.run(
        ["docker", "exec", database.server.container, "bash", "-c", timed], check=True, capture_output=True, text=True
    )
    return float(done.stderr.strip().splitlines()[-1]) * 1000


def drizzle_push(database: Database) -> float | None:
    """Let drizzle-kit find that nothing is to be done; return milliseconds, or None without npm."""
    if shutil.which("npm") is None:
        return None
    folder = drizzle(ROOT / ".cache")
    environment = {
        **os.environ,
        "BENCH_HOST": database.server.socket,
        "BENCH_USER": "postgres",
        "BENCH_DATABASE": database.name,
    }

    def push() -> float:
        begin = time.monotonic()
        done = subprocess.run(
            ["node_modules/.bin/drizzle-kit", "push"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
            capture_output=True,
            text=True,
        )
        spent = (time.monotonic() - begin) * 1000
        if "No changes detected" not in done.stdout:
            raise RuntimeError(done.stdout + done.stderr)
        return spent

    return min(push() for _ in range(RUNS))


class Bench:
    """Databases to measure on; every apply gets a new one."""

    def __init__(self, server: Server) -> None:
        """Begin without databases."""
        self.server = server
        self.count = 0

    def database(self) -> Database:
        """Make a new, empty database."""
        self.count += 1
        self.server.create_database(f"bench_{self.count}")
        return Database(self.server, f"bench_{self.count}")

    def rows(self, what: str, files: dict[str, str], runs: int) -> list[tuple[str, float, float]]:
        """Return the best times of engine and psql for applying, previewing, doing nothing, and looking for drift."""
        by_psql = min(psql(self.database(), files) for _ in range(runs))
        databases = [self.database() for _ in range(runs)]
        preview = min(module(database, files, _ansible_check_mode=True) for database in databases)
        applied = min(module(database, files) for database in databases)
        nothing = min(module(databases[0], files) for _ in range(max(runs, RUNS)))
        drift = min(module(databases[0], files, state="verified") for _ in range(runs))
        return [
            (f"apply {what} (rehearsed, and compared afterwards)", applied, by_psql),
            (f"preview {what}", preview, by_psql),
            (f"nothing to do, {what}", nothing, by_psql),
            (f"drift of {what}", drift, by_psql),
        ]


def measure(server: Server) -> str:
    """Return all tables as Markdown."""
    bench = Bench(server)
    rows = bench.rows("five tables", shipped(), RUNS) + bench.rows("500 tables in 50 files", five_hundred_tables(), 1)
    lines = ["| engine | ms | psql -f, same files, ms | ratio |", "|---|---:|---:|---:|"]
    lines += [f"| {what} | {ours:.0f} | {theirs:.0f} | {ours / theirs:.2f} |" for what, ours, theirs in rows]

    made = bench.database()
    first = {"0001_tables.sql": shipped()["0001_tables.sql"]}
    made.run(first)
    made.execute("DROP SCHEMA jarvis_meta CASCADE")
    push = drizzle_push(made)
    lines += ["", "| nothing to do | ms | ratio |", "|---|---:|---:|"]
    nothing = rows[2][1]
    lines += [f"| this engine, inside the module | {nothing:.0f} | 1 |"]
    lines += [
        f"| drizzle-kit push, a call | {push:.0f} | {push / nothing:.1f} |"
        if push
        else "| drizzle-kit push | no npm | |"
    ]
    million = bench.database()
    million.run()
    return "\n".join([*lines, "", *plans(million), "", *costs(million)])


def main() -> None:
    """Measure, print, and keep the figures in the README."""
    image = os.environ.get("JARVIS_TEST_POSTGRES_IMAGE")
    if not image:
        sys.exit("JARVIS_TEST_POSTGRES_IMAGE must name a PostgreSQL 16 image, such as postgres:16-alpine")
    with running_server(image, "shared_buffers=512MB", "max_wal_size=4GB") as server:
        ((version,),) = server.execute("SELECT current_setting('server_version')")
        measured = measure(server)
    date = time.strftime("%Y-%m-%d")
    load = os.getloadavg()[1]
    machine = f"{os.cpu_count()} cores, load average {load:.1f}"
    text = f"PostgreSQL {version}, {machine}, the best of several runs, {date}.\n\n{measured}\n"
    print(text)
    readme = ROOT / "bench/README.md"
    readme.write_text(readme.read_text().split(MARKER)[0] + f"{MARKER}\n\n{text}")


if __name__ == "__main__":
    main()
