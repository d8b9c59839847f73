"""What the files have made is remembered; a verification that finds it leaves the server alone, and is as strict."""

from __future__ import annotations

from contextlib import closing

import pytest
from jarvis_schema import catalog, ledger, reference, runner, session, shadow
from schema_server import Database, parse, shipped

# What may have happened to the memory since the files were applied.
FORGOTTEN = {
    "kept": "SELECT",
    "made of other files, or by another release": "UPDATE jarvis_meta.catalog SET made_of = 'something else'",
    "lost": "DELETE FROM jarvis_meta.catalog",
}


def recall(database: Database, migrations: dict[str, str], **target: str) -> catalog.Snapshot | None:
    plan = ledger.Plan(parse(migrations), None, [])
    with closing(session.connect(database.target(), database.name)) as connection:
        return reference.recall(connection, database.target(**target), plan)


def test_what_is_remembered_is_what_a_shadow_makes(deployed: Database) -> None:
    with shadow.shadow(deployed.target()) as replayed:
        for migration in parse(shipped()):
            runner.apply(replayed, deployed.target(), migration)
        made = catalog.snapshot(replayed, 1)
    assert recall(deployed, shipped()) == made


def test_a_verification_writes_nothing_and_makes_no_database(deployed: Database) -> None:
    deployed.run(state="verified")
    deployed.execute("CHECKPOINT")
    made = "SELECT pg_current_wal_lsn(), (SELECT max(oid::bigint) FROM pg_database)"
    before = deployed.execute(made)
    outcome = deployed.run(state="verified")
    assert set(outcome.timings) == {"connect", "plan", "look"}
    assert deployed.execute(made) == before


@pytest.mark.parametrize("statement", FORGOTTEN.values(), ids=FORGOTTEN.keys())
def test_drift_is_found_whether_the_memory_is(deployed: Database, statement: str) -> None:
    deployed.execute(statement)
    deployed.run(state="verified")
    deployed.execute("DROP INDEX decision_log_cycle_id_idx")
    outcome = deployed.run(state="verified", expect_failure=True)
    assert outcome.failure == (
        f"{deployed.name} is not what the files make:\nindex public.decision_log_cycle_id_idx is missing"
    )


def test_other_files_or_another_owner_are_not_answered_from_memory(deployed: Database) -> None:
    assert recall(deployed, shipped()) is not None
    assert recall(deployed, dict(list(shipped().items())[:-1])) is None
    assert recall(deployed, shipped(), owner="jarvis") is None


def test_each_file_that_is_applied_renews_the_memory(deployed: Database) -> None:
    files = {**shipped(), "0900_more.sql": "CREATE TABLE more (id integer);"}
    deployed.run(files)
    assert ("table", "public.more") in recall(deployed, files)
    assert deployed.execute("SELECT count(*) FROM jarvis_meta.catalog") == [(1,)]


def test_nobody_but_the_administrator_reads_or_writes_the_memory(deployed: Database) -> None:
    assert (
        deployed.execute(
            "SELECT rolname FROM pg_roles WHERE rolname ~ '^jarvis' AND ("
            "has_schema_privilege(rolname, 'jarvis_meta', 'USAGE')"
            " OR has_table_privilege(rolname, 'jarvis_meta.catalog', 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE'))"
        )
        == []
    )
