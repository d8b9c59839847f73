"""Whatever an application plants in its database, nothing that this project runs springs it."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "schema"))

from schema_traps import EXPORTER, LOOKING_AROUND, PLANT, REMOVE, springs_of  # noqa: E402

# The schemas in which the application plants traps: one that is named like the superuser, and public.
SCHEMAS = ("postgres", "public")
EXECUTE = """
import json, sys, psycopg2
url, *statements = json.load(sys.stdin)
connection = psycopg2.connect(url)
connection.autocommit = True
for statement in statements:
    connection.cursor().execute(statement)
"""


@pytest.fixture(scope="module")
def log(host):
    """Return a function that returns what the server has written since the module began."""
    begin = host.out("date --iso-8601=ns")
    return lambda: host.out(f"docker logs --since {shlex.quote(begin)} jarvis-postgres 2>&1")


@pytest.fixture(scope="module", autouse=True)
def _planted(host, settings, log):
    def as_application(*statements):
        given = json.dumps([settings()["DATABASE_URL"], *statements])
        host.run(f"python3 -c {shlex.quote(EXECUTE)}", stdin=given)

    host.sql("CREATE SCHEMA postgres AUTHORIZATION jarvis")
    as_application(*(PLANT.format(schema=schema) for schema in SCHEMAS))
    as_application("SELECT public.sprung('by its owner')")
    assert "SPRUNG by its owner as jarvis" in log()
    yield
    as_application(*(REMOVE.format(schema=schema) for schema in SCHEMAS))
    host.sql("DROP SCHEMA postgres")


def test_a_deployment_its_look_and_its_preview_spring_none(deploy, play, log):
    run = play("site.yml")
    assert run.code == 0
    assert "look : Record what was proven" in run.output
    assert deploy("--check", "--diff", deploy_full=True).code == 0
    assert springs_of(log()) == []


def test_a_verification_springs_none_and_tells_what_has_a_name_of_the_servers(play, log):
    run = play("playbooks/verify.yml")
    assert run.code == 0
    assert "The application has made objects with names of PostgreSQL's own" in run.text
    assert springs_of(log()) == []


def test_a_migration_and_its_preview_spring_none(host, play, log, tmp_path):
    for path in (Path(__file__).parents[2] / "sql/migrations").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "0900_data.sql").write_text(
        "UPDATE public.agent_state SET key = lower(key) || '' WHERE key = 'no such key'::varchar;\n"
        "SELECT format('%s', count(*)) FROM public.tool_calls WHERE tool_name = 'x'::varchar AND length(status) > 0;\n"
    )
    for arguments in (("--check",), ()):
        assert play("playbooks/schema.yml", *arguments, schema_path=str(tmp_path)).code == 0
    # The file has changed nothing. Its entry is removed because other tests do not have the file.
    host.sql("DELETE FROM jarvis_meta.migrations WHERE version = 900")
    assert springs_of(log()) == []


def test_rotation_and_status_spring_none(play, log):
    assert play("playbooks/rotate.yml", rotate="app", verify_enabled=False).code == 0
    assert play("playbooks/status.yml").code == 0
    assert springs_of(log()) == []


def test_upkeep_a_dump_and_what_people_and_exporters_ask_spring_none(host, log):
    # The commands have no options, as people type them.
    psql = "docker exec -i jarvis-postgres psql -X -U postgres -d jarvis -v ON_ERROR_STOP=1"
    for statement in ("ANALYZE", "VACUUM (FULL, ANALYZE)", "REINDEX DATABASE jarvis", *LOOKING_AROUND, *EXPORTER):
        host.run(f"{psql} -c {shlex.quote(statement)}")
    assert "trapped" in host.out("docker exec jarvis-postgres pg_dump -U postgres jarvis")
    assert springs_of(log()) == []
