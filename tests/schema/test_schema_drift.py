"""Everything that somebody can change by hand is noticed and named. The application's own objects are no drift."""

from __future__ import annotations

from contextlib import closing

import pytest
from jarvis_schema import apply_file, catalog, cluster, drift, session, shadow
from schema_object_mutations import OBJECT_MUTATIONS
from schema_relation_mutations import RELATION_MUTATIONS
from schema_server import Database, Server, parse, shipped
from schema_server_mutations import SERVER_MUTATIONS
from schema_zoo import ZOO

MUTATIONS = RELATION_MUTATIONS + OBJECT_MUTATIONS


@pytest.fixture(scope="module")
def zoo(server: Server) -> str:
    server.create_database("zoo")
    Database(server, "zoo").run(ZOO)
    return "zoo"


def snapshot(database: Database) -> catalog.Snapshot:
    with closing(session.connect(database.target(), database.name)) as connection:
        return catalog.snapshot(connection, 1)


def seen(database: Database, expected: catalog.Snapshot) -> list[str]:
    """Return the lines of a verification's report. The expected catalog is made once, not for every mutation."""
    with closing(database.connect()) as connection, connection.cursor() as cursor:
        promised, actual = cluster.promised_and_actual(
            cursor,
            database.target(),
            ["jarvis"],
            ["jarvis_readonly"],
            client_roles={},
            creators=["jarvis"],
            settings={"TimeZone": "UTC"},
            role_settings={},
            connection_limits={},
        )
    found = drift.compare(expected, snapshot(database), ["jarvis"])[0] + drift.compare(promised, actual)[0]
    return [str(difference) for difference in found]


def test_every_kind_of_drift_is_seen(server: Server, zoo: str, capsys: pytest.CaptureFixture[str]) -> None:
    original = Database(server, zoo)
    with shadow.shadow(original.target()) as replayed:
        for migration in parse(ZOO):
            apply_file.apply(replayed, original.target(), migration, search_path="")
        expected = catalog.snapshot(replayed, 1)
    assert seen(original, expected) == []
    missed = []

    def judge(mutation: str, line: str, lines: list[str]) -> None:
        if not any(told.startswith(line) for told in lines):
            missed.append((mutation, line, lines))

    for number, (mutation, line) in enumerate(MUTATIONS):
        database = Database(server, f"zoo_{number}")
        server.create_database(database.name, template=zoo)
        database.execute(mutation)
        judge(mutation, line, seen(database, expected))
    for mutation, undo, line in SERVER_MUTATIONS:
        server.execute(mutation.format(database=zoo))
        try:
            judge(mutation, line.format(database=zoo), seen(original, expected))
        finally:
            server.execute(undo.format(database=zoo))
    total = len(MUTATIONS) + len(SERVER_MUTATIONS)
    with capsys.disabled():
        print(f"\ndrift: {total - len(missed)} of {total} mutations seen")
    assert total >= 60
    assert missed == []
    assert original.run(ZOO, state="verified").drift == []


def test_one_change_is_one_line_where_nothing_else_follows_from_it(server: Server, zoo: str) -> None:
    server.create_database("zoo_one", template=zoo)
    database = Database(server, "zoo_one")
    database.execute("ALTER TABLE public.agent_state ALTER value TYPE text USING value::text")
    database.execute("ALTER TABLE public.tool_calls ADD COLUMN extra integer")
    outcome = database.run(ZOO, state="verified", expect_failure=True)
    assert outcome.drift == [
        {
            "kind": "column",
            "identity": "public.agent_state.value",
            "expected": {"type": "jsonb"},
            "actual": {"type": "text"},
        },
        {
            "kind": "column",
            "identity": "public.tool_calls.extra",
            "expected": None,
            "actual": {"type": "integer"},
        },
    ]


def test_what_the_application_makes_is_reported_as_its_own(deployed: Database) -> None:
    deployed.execute(
        """
        CREATE TABLE scratch (id serial PRIMARY KEY, n integer CHECK (n > 0));
        ALTER TABLE scratch ADD COLUMN note text;
        CREATE INDEX ON scratch (note);
        CREATE VIEW scratch_view AS SELECT * FROM scratch;
        CREATE FUNCTION helper() RETURNS integer LANGUAGE sql RETURN 1;
        CREATE TYPE word AS ENUM ('a');
        CREATE SCHEMA IF NOT EXISTS mine;
        CREATE TABLE mine.scratch (n integer);
        CREATE EXTENSION citext SCHEMA mine;
        """,
        user="jarvis",
    )
    outcome = deployed.run(state="verified")
    assert outcome.drift == []
    assert outcome.application_objects == [
        "enum public.word",
        "extension citext",
        "function public.helper()",
        "schema mine",
        "sequence public.scratch_id_seq",
        "table mine.scratch",
        "table public.scratch",
        "view public.scratch_view",
    ]


def test_partitions_that_are_made_at_run_time_are_expected_with_all_they_have_of_their_table(
    server: Server, zoo: str
) -> None:
    files = {
        **ZOO,
        "0901_parted.sql": """
            CREATE TABLE zoo.events (id integer NOT NULL, day date NOT NULL, kind text CHECK (kind <> ''),
                PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
            CREATE INDEX events_kind_idx ON zoo.events (kind);
            CREATE FUNCTION zoo.noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
            CREATE TRIGGER events_trigger AFTER INSERT ON zoo.events FOR EACH ROW EXECUTE FUNCTION zoo.noop();
            CREATE TABLE zoo.kinds (id integer, day date, FOREIGN KEY (id, day) REFERENCES zoo.events);
        """,
    }
    server.create_database("zoo_parted")
    database = Database(server, "zoo_parted")
    database.run(files)
    database.execute(
        """
        SET ROLE jarvis_owner;
        CREATE TABLE zoo.events_2026 PARTITION OF zoo.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
        CREATE TABLE zoo.events_2027 PARTITION OF zoo.events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')
            PARTITION BY LIST (id);
        CREATE TABLE zoo.events_2027_a PARTITION OF zoo.events_2027 FOR VALUES IN (1);
        CREATE TABLE zoo."events Odd" (LIKE zoo.events INCLUDING ALL);
        ALTER TABLE zoo.events ATTACH PARTITION zoo."events Odd" DEFAULT;
        """
    )
    assert database.run(files, state="verified").drift == []
    database.execute("CREATE INDEX odd ON zoo.events_2027_a (day); CREATE TABLE zoo.events_2028 (day date)")
    failure = database.run(files, state="verified", expect_failure=True).failure.splitlines()[1:]
    assert failure == [
        "index zoo.odd should not be there",
        "table zoo.events_2028 should not be there",
    ]


def test_a_number_of_connections_that_is_promised_of_a_role_has_to_be_its_limit(deployed: Database) -> None:
    def told() -> list[str]:
        return deployed.run(check_mode=True, connection_limits={"jarvis": 80}).warnings

    try:
        assert told() == ["Drift: role jarvis: connection_limit is -1, should be 80"]
        deployed.server.execute("ALTER ROLE jarvis CONNECTION LIMIT 80")
        assert told() == []
    finally:
        deployed.server.execute("ALTER ROLE jarvis CONNECTION LIMIT -1")


def test_a_table_of_ours_that_the_application_owns_is_drift(deployed: Database) -> None:
    deployed.execute("ALTER TABLE agent_state OWNER TO jarvis")
    outcome = deployed.run(state="verified", expect_failure=True)
    assert "owner is jarvis, should be jarvis_owner" in outcome.failure


def test_pending_files_fail_a_verification(deployed: Database) -> None:
    outcome = deployed.run({**shipped(), "0900_x.sql": "SELECT 1;\n"}, state="verified", expect_failure=True)
    assert outcome.failure.splitlines() == [
        f"{deployed.name} is not what the files make:",
        "0900_x.sql is not applied",
    ]


def test_a_setting_that_the_inventory_allows_is_no_drift(deployed: Database) -> None:
    deployed.server.execute(f"ALTER ROLE jarvis IN DATABASE {deployed.name} SET statement_timeout = '30s'")
    allowed = {"TimeZone": "UTC", "statement_timeout": "30s"}
    assert deployed.run(state="verified", settings=allowed).drift == []
    assert deployed.run(state="verified", expect_failure=True).drift == [
        {
            "kind": "setting",
            "identity": f"statement_timeout of jarvis in {deployed.name}",
            "expected": None,
            "actual": {"value": "30s"},
        }
    ]


def setting_drift(database: Database) -> list[str]:
    promised = {"jarvis": {"Statement_Timeout": "60s"}}
    outcome = database.run(check_mode=True, role_settings=promised)
    return [warning.removeprefix("Drift: ") for warning in outcome.warnings]


def test_a_setting_that_is_promised_of_a_role_has_to_be_there(deployed: Database) -> None:
    execute = deployed.server.execute
    try:
        assert setting_drift(deployed) == ["setting statement_timeout of jarvis: value is not set, should be 60s"]
        execute("ALTER ROLE jarvis SET statement_timeout = '5s'")
        assert setting_drift(deployed) == ["setting statement_timeout of jarvis: value is 5s, should be 60s"]
        execute("ALTER ROLE jarvis SET statement_timeout = '60s'")
        assert setting_drift(deployed) == []
        execute(f"ALTER ROLE jarvis IN DATABASE {deployed.name} SET statement_timeout = '0'")  # the stronger one
        assert setting_drift(deployed) == ["setting statement_timeout of jarvis: value is 0, should be 60s"]
    finally:
        execute("ALTER ROLE jarvis RESET statement_timeout")


def test_a_setting_that_is_promised_of_one_role_is_not_allowed_for_all(deployed: Database) -> None:
    deployed.server.execute(f"ALTER DATABASE {deployed.name} SET statement_timeout = '60s'")
    assert setting_drift(deployed) == [
        f"setting statement_timeout of every role in {deployed.name} should not be there"
    ]


@pytest.mark.parametrize(
    ("promised", "message"),
    [
        (
            {"jarviss": {"statement_timeout": "60s"}},
            "schema_role_settings: jarviss is no role of this schema; these are: "
            "jarvis_owner, jarvis_migrator, jarvis, jarvis_readonly, postgres",
        ),
        (
            {"jarvis": "60s"},
            "schema_role_settings: jarvis needs names with values, such as {statement_timeout: 60s}, and not '60s'",
        ),
    ],
)
def test_a_promise_that_cannot_hold_is_refused(deployed: Database, promised: dict, message: str) -> None:
    assert deployed.run(role_settings=promised, expect_failure=True).failure == message


def test_passwords_in_definitions_are_not_shown(deployed: Database) -> None:
    deployed.execute("COMMENT ON SCHEMA public IS 'x'")
    deployed.execute(
        "CREATE OR REPLACE FUNCTION public.refuse_change() RETURNS trigger LANGUAGE plpgsql"
        " AS $$BEGIN PERFORM 'host=h password=hunter2'; PERFORM 'postgres://u:hunter2@h/d'; END$$"
    )
    outcome = deployed.run(state="verified", expect_failure=True)
    assert "hunter2" not in outcome.failure
    assert "hunter2" not in str(outcome.drift)
