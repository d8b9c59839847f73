"""Files that change rows: notices of the server are shown, and some files cannot be rehearsed in an empty database."""

from __future__ import annotations

from schema_server import Database, shipped

GUARD = """-- no-rehearsal
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM public.agent_state) THEN RAISE EXCEPTION 'there are no rows'; END IF;
END $$;
UPDATE public.agent_state SET value = '"better"' WHERE key = 'mood';
"""


def test_notices_and_warnings_of_a_file_reach_the_operator_once(deployed: Database) -> None:
    files = {
        **shipped(),
        "0900_x.sql": """
            DROP TABLE IF EXISTS public.nothing;
            DO $$ BEGIN RAISE NOTICE 'three rows, password=hunter2'; RAISE WARNING 'look at them'; END $$;
            DO $$ BEGIN RAISE DEBUG 'x'; END $$;
        """,
    }
    assert deployed.run(files).warnings == [
        '0900_x.sql: NOTICE: table "nothing" does not exist, skipping',
        "0900_x.sql: NOTICE: three rows, password=********",
        "0900_x.sql: WARNING: look at them",
    ]
    assert deployed.run(files).warnings == []


def test_a_file_with_very_many_notices_shows_the_first_ones_and_their_number(deployed: Database) -> None:
    loop = "DO $$ BEGIN FOR i IN 1..1000 LOOP RAISE NOTICE '% %', i, repeat('x', 2000); END LOOP; END $$;"
    warnings = deployed.run({**shipped(), "0900_x.sql": loop}).warnings
    assert len(warnings) == 21
    assert warnings[0].startswith("0900_x.sql: NOTICE: 1 xxx")
    assert warnings[20] == "0900_x.sql: … and 980 more"
    assert max(map(len, warnings)) < 600


def test_what_the_server_said_is_told_of_a_file_that_fails(deployed: Database) -> None:
    text = "DO $$ BEGIN IF EXISTS (SELECT FROM agent_state) THEN RAISE NOTICE 'so far'; RAISE 'no'; END IF; END $$;"
    deployed.execute("INSERT INTO agent_state (key, value) VALUES ('a', '1')", user="jarvis")
    outcome = deployed.run(
        {**shipped(), "0900_x.sql": text.replace("agent_state", "public.agent_state")}, expect_failure=True
    )
    assert outcome.warnings == ["0900_x.sql: NOTICE: so far"]


def test_a_file_that_needs_rows_is_applied_without_rehearsal(rows: Database) -> None:
    files = {**shipped(), "0900_guard.sql": GUARD, "0901_after.sql": "CREATE TABLE public.after (n integer);"}
    assert (
        "there are no rows"
        in rows.run({**files, "0900_guard.sql": GUARD.split("\n", 1)[1]}, expect_failure=True).failure
    )
    preview = rows.run(files, check_mode=True)
    assert preview.pending == ["0900_guard.sql", "0901_after.sql"]
    assert rows.run(files).applied == ["0900_guard.sql", "0901_after.sql"]
    assert rows.execute("SELECT value FROM agent_state WHERE key = 'mood'") == [("better",)]
    assert rows.run(files, state="verified").drift == []


def test_a_file_without_rehearsal_may_change_rows_alone(rows: Database) -> None:
    text = "-- no-rehearsal\nSELECT 1;\nCREATE TABLE public.x (n integer);\n"
    assert rows.run({**shipped(), "0900_x.sql": text}, expect_failure=True).failure == (
        "0900_x.sql:3:1: CREATE is refused after `-- no-rehearsal`: such a file may change rows alone"
    )
    assert [version for version, _ in rows.ledger()] == list(range(1, len(shipped()) + 1))


def test_the_preview_of_an_adoption_warns_of_nothing(deployed: Database) -> None:
    deployed.execute("DROP SCHEMA jarvis_meta CASCADE")
    outcome = deployed.run(check_mode=True, adopt=len(shipped()))
    assert outcome.adopted == sorted(shipped())
    assert (outcome.warnings, outcome.drift) == ([], [])
