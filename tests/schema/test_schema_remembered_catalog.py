"""The catalog that the files have made is remembered. A verification with it makes no shadow, and is just as strict."""

from __future__ import annotations

import time
from contextlib import closing

import pytest
from jarvis_schema import apply_file, catalog, remembered_catalog, session, shadow
from schema_server import Database, parse, shipped

# What may have happened to the remembered catalog since the files were applied.
FORGOTTEN = {
    "kept": "SELECT",
    "made of other files, or by another release": "UPDATE jarvis_meta.catalog SET made_of = 'something else'",
    "lost": "DELETE FROM jarvis_meta.catalog",
}


def recall(database: Database, migrations: dict[str, str], **target: str) -> catalog.Snapshot | None:
    with closing(session.connect(database.target(), database.name)) as connection:
        objects = remembered_catalog.recall(connection, database.target(**target), parse(migrations))
    return objects and catalog.from_list(objects)


def test_what_is_remembered_is_what_a_shadow_makes(deployed: Database) -> None:
    with shadow.shadow(deployed.target()) as replayed:
        for migration in parse(shipped()):
            apply_file.apply(replayed, deployed.target(), migration, search_path="")
        made = catalog.snapshot(replayed, 1)
    assert recall(deployed, shipped()) == made


def test_a_verification_writes_nothing_and_makes_no_database(deployed: Database) -> None:
    deployed.run(state="verified")
    # The number of transactions that wrote anything, and the newest database.
    made = "SELECT pg_snapshot_xmax(pg_current_snapshot()), (SELECT max(oid::bigint) FROM pg_database)"
    before = deployed.execute(made)
    outcome = deployed.run(state="verified")
    assert set(outcome.timings) == {"connect", "plan", "compare"}
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


@pytest.mark.parametrize("statement", [*FORGOTTEN.values(), "DROP TABLE jarvis_meta.catalog"])
def test_a_deployment_with_nothing_to_apply_remembers_again_what_was_forgotten(
    deployed: Database, statement: str
) -> None:
    deployed.execute(statement)
    outcome = deployed.run()
    assert (outcome.applied, outcome.warnings) == ([], [])
    assert set(deployed.run(state="verified").timings) == {"connect", "plan", "compare"}


def test_what_was_adopted_is_remembered(database: Database) -> None:
    for migration in parse(shipped()):
        with closing(database.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SET ROLE jarvis_owner")
            cursor.execute(migration.content)
    assert database.run(adopt=len(shipped())).adopted == list(shipped())
    assert recall(database, shipped()) is not None


def test_constants_are_no_drift_when_the_server_prints_them_otherwise(deployed: Database) -> None:
    files = {
        **shipped(),
        "0900_waits.sql": "CREATE TABLE public.waits (pause interval DEFAULT interval '1 day 2 hours');",
    }
    deployed.run(files)
    deployed.server.execute("ALTER SYSTEM SET intervalstyle = iso_8601")
    deployed.server.execute("SELECT pg_reload_conf()")
    try:
        while deployed.execute("SHOW intervalstyle") != [("iso_8601",)]:
            time.sleep(0.1)
        told = deployed.run(files, state="verified", expect_failure=True).drift
    finally:
        deployed.server.execute("ALTER SYSTEM RESET intervalstyle")
        deployed.server.execute("SELECT pg_reload_conf()")
    # The change that somebody made to the server by hand is drift as well.
    assert [difference["identity"] for difference in told] == ["intervalstyle of ALTER SYSTEM"]


def test_each_file_that_is_applied_renews_the_memory(deployed: Database) -> None:
    files = {**shipped(), "0900_more.sql": "CREATE TABLE public.more (id integer);"}
    deployed.run(files)
    assert ("table", "public.more") in recall(deployed, files)
    assert deployed.execute("SELECT count(*) FROM jarvis_meta.catalog") == [(1,)]


def test_nobody_but_the_administrator_reads_or_writes_the_memory(deployed: Database) -> None:
    assert (
        deployed.execute(
            "SELECT rolname FROM pg_roles WHERE rolname ~ '^jarvis' AND ("
            # jarvis_migrator may call the one function that records its file.
            "rolname <> 'jarvis_migrator' AND has_schema_privilege(rolname, 'jarvis_meta', 'USAGE')"
            " OR has_table_privilege(rolname, 'jarvis_meta.catalog', 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE'))"
        )
        == []
    )
