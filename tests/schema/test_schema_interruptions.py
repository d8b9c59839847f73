"""Runs that are killed, run twice at once, or run outside of a transaction."""

from __future__ import annotations

import json
import pathlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from jarvis_schema import session
from schema_server import Database, Server, docker

MODULE = pathlib.Path(__file__).with_name("run_module.py")
ONE = {"0001_a.sql": "CREATE TABLE public.a (id integer);\n"}
SLOW = {
    **ONE,
    "0002_b.sql": "CREATE TABLE public.half (id integer);\nSELECT pg_sleep(current_setting('test.nap')::float);\n",
}
BUILD = {
    **ONE,
    "0002_rows.sql": "INSERT INTO public.a SELECT generate_series(1, 1000);\n",
    "0003_index.sql": (
        "-- no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS public.a_id;\n"
        "CREATE UNIQUE INDEX CONCURRENTLY a_id ON public.a (id);\n"
    ),
}


def start_module(database: Database, migrations: dict[str, str], **arguments) -> subprocess.Popen:
    """Start the module itself as a process, as Ansible does on the host."""
    process = subprocess.Popen(
        [sys.executable, str(MODULE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    values = {
        "files": migrations,
        "database": database.name,
        "owner": "jarvis_owner",
        "login_unix_socket": database.server.socket,
        "application_roles": ["jarvis"],
        "reader_roles": ["jarvis_readonly"],
        **arguments,
    }
    process.stdin.write(json.dumps(values))
    process.stdin.close()
    return process


def result_of(process: subprocess.Popen) -> dict:
    process.wait(60)
    return json.loads(process.stdout.read())


def nap(database: Database, seconds: float) -> None:
    """Make pg_sleep in SLOW take this long in the real database. In a shadow it takes no time."""
    database.server.execute("ALTER ROLE jarvis_migrator SET test.nap = '0'")
    database.server.execute(f"ALTER ROLE jarvis_migrator IN DATABASE {database.name} SET test.nap = '{seconds}'")


@pytest.fixture(autouse=True)
def _wide_awake(server: Server) -> Iterator[None]:
    yield
    server.execute("ALTER ROLE jarvis_migrator RESET test.nap")


def wait_for(database: Database, condition: str) -> None:
    deadline = time.monotonic() + 20
    while not database.execute(f"SELECT {condition}")[0][0]:
        assert time.monotonic() < deadline, condition
        time.sleep(0.05)


SLEEPING = (
    "EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    " AND application_name = 'jarvis-schema')"
)
NO_RUN = (
    "NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = 'jarvis-schema')"
)


def assert_only_the_first_file_is_there(database: Database) -> None:
    assert database.ledger() == [(1, "applied")]
    assert database.execute("SELECT to_regclass('a') IS NOT NULL, to_regclass('half') IS NULL") == [(True, True)]


def assert_the_next_run_applies_the_rest(database: Database) -> None:
    nap(database, 0)
    outcome = database.run(SLOW)
    assert outcome.applied == ["0002_b.sql"]
    assert database.ledger() == [(1, "applied"), (2, "applied")]


def test_a_killed_run_leaves_no_half_file_and_frees_its_lock_before_its_statement_ends(database: Database) -> None:
    nap(database, 300)
    process = start_module(database, SLOW)
    wait_for(database, SLEEPING)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(database, NO_RUN)
    assert_only_the_first_file_is_there(database)
    assert_the_next_run_applies_the_rest(database)


def test_a_terminated_backend_leaves_no_half_file(database: Database) -> None:
    nap(database, 300)
    process = start_module(database, SLOW)
    wait_for(database, SLEEPING)
    database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
        " AND wait_event = 'PgSleep'"
    )
    result = result_of(process)
    assert result["failed"] is True
    assert result["applied"] == ["0001_a.sql"]
    # Whether the client still reads the server's last message depends on timing.
    first_line = result["msg"].splitlines()[0]
    assert first_line in (
        "0002_b.sql:2:1: FATAL: terminating connection due to administrator command [57P01]",
        "0002_b.sql:2:1: ERROR: server closed the connection unexpectedly [connection lost]",
    )
    assert_only_the_first_file_is_there(database)
    assert_the_next_run_applies_the_rest(database)


def test_an_immediate_server_stop_leaves_no_half_file(database: Database) -> None:
    nap(database, 300)
    process = start_module(database, SLOW)
    wait_for(database, SLEEPING)
    # SIGQUIT is what `pg_ctl stop -m immediate` sends: no checkpoint, recovery at the next start.
    docker("kill", "--signal", "QUIT", database.server.container)
    result = result_of(process)
    assert result["failed"] is True
    docker("wait", database.server.container)
    docker("start", database.server.container)
    database.server.wait()
    assert_only_the_first_file_is_there(database)
    assert_the_next_run_applies_the_rest(database)


def test_two_runs_at_once_apply_each_file_once(database: Database) -> None:
    nap(database, 1)
    processes = [start_module(database, SLOW) for _ in range(2)]
    results = sorted((result_of(process) for process in processes), key=lambda result: len(result["applied"]))
    assert [result["applied"] for result in results] == [[], ["0001_a.sql", "0002_b.sql"]]
    assert [result["changed"] for result in results] == [False, True]
    assert database.ledger() == [(1, "applied"), (2, "applied")]


def test_a_run_that_waits_too_long_for_another_one_names_it(database: Database) -> None:
    nap(database, 3)
    process = start_module(database, SLOW)
    wait_for(database, SLEEPING)
    outcome = database.run(SLOW, target=database.target(lock_wait=0.3), expect_failure=True)
    assert outcome.failure.startswith("another run holds the lock of this database (backend ")
    assert result_of(process)["applied"] == ["0001_a.sql", "0002_b.sql"]


def test_runs_on_different_databases_do_not_wait_for_each_other(database: Database, deployed: Database) -> None:
    nap(database, 3)
    process = start_module(database, SLOW)
    wait_for(database, SLEEPING)
    extended = {"0001_x.sql": "SELECT 1;\n"}
    database.server.create_database(f"{database.name}_b")
    beside = Database(database.server, f"{database.name}_b")
    assert beside.run(extended, target=beside.target(lock_wait=0)).applied == ["0001_x.sql"]
    assert process.poll() is None
    assert result_of(process)["changed"] is True


def test_a_concurrent_index_is_built_and_recorded(database: Database) -> None:
    outcome = database.run(BUILD)
    assert outcome.applied == ["0001_a.sql", "0002_rows.sql", "0003_index.sql"]
    assert database.ledger() == [(1, "applied"), (2, "applied"), (3, "applied")]
    assert database.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_id'::regclass") == [(True,)]


def test_a_failed_concurrent_index_stops_the_next_run_until_it_is_retried(database: Database) -> None:
    database.run({name: text for name, text in BUILD.items() if name < "0003"})
    database.execute("INSERT INTO public.a VALUES (1)")  # a duplicate that the rehearsal cannot foresee
    failed = database.run(BUILD, expect_failure=True)
    assert '0003_index.sql:3:1: ERROR: could not create unique index "a_id" [23505]' in failed.failure
    assert database.ledger()[2] == (3, "running")

    database.execute("DELETE FROM public.a WHERE ctid = (SELECT max(ctid) FROM public.a)")
    stopped = database.run(BUILD, expect_failure=True)
    assert stopped.failure.startswith("0003_index.sql: was started and did not finish")
    assert "Invalid indexes: public.a_id." in stopped.failure
    previewed = database.run(BUILD, check_mode=True, expect_failure=True)
    assert previewed.failure == stopped.failure

    retried = database.run(BUILD, retry_interrupted=True)
    assert (retried.applied, retried.drift) == (["0003_index.sql"], [])
    assert database.ledger()[2] == (3, "applied")
    assert database.run(BUILD).applied == []


def test_a_killed_concurrent_index_is_left_as_running(database: Database) -> None:
    database.run({name: text for name, text in BUILD.items() if name < "0003"})
    writer = database.connect()
    writer.autocommit = False
    writer.cursor().execute("INSERT INTO public.a VALUES (5000)")  # the build waits for this transaction
    process = start_module(database, BUILD)
    wait_for(
        database, "EXISTS (SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE UNIQUE%' AND wait_event_type='Lock')"
    )
    process.kill()
    process.wait()
    wait_for(database, NO_RUN)
    writer.close()
    assert database.ledger()[2] == (3, "running")
    assert database.run(BUILD, retry_interrupted=True).applied == ["0003_index.sql"]


def test_a_concurrent_build_does_not_wait_for_a_second_run_that_polls_for_the_lock(database: Database) -> None:
    database.run({name: text for name, text in BUILD.items() if name < "0003"})
    results = []
    threads = [threading.Thread(target=lambda: results.append(database.run(BUILD).applied)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == [[], [], ["0003_index.sql"]]


def test_the_lock_is_free_after_every_run(database: Database) -> None:
    database.run(ONE)
    database.run({**ONE, "0002_x.sql": "SELECT nothing;\n"}, expect_failure=True)
    with session.run_lock(database.target(lock_wait=0)):
        pass


def test_what_failed_under_the_lock_is_told_and_the_lock_is_free(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), session.run_lock(database.target()):
        raise ZeroDivisionError
    with session.run_lock(database.target(lock_wait=0)):
        pass
