"""The role as people run it: through ansible-playbook, on this machine's test server."""

from __future__ import annotations

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from jarvis_schema import files
from jarvis_schema.errors import SchemaError
from schema_server import ROOT, Database, shipped

BIN = pathlib.Path(sys.executable).parent


def play(tmp_path: pathlib.Path, database: Database, *arguments: str, **variables: object) -> tuple[int, dict, str]:
    """Run the role; return the exit code, the module's result and everything that was printed."""
    playbook = tmp_path / "play.yml"
    playbook.write_text("- hosts: localhost\n  gather_facts: false\n  roles: [schema]\n")
    values = {
        "ansible_python_interpreter": sys.executable,
        "schema_database": database.name,
        "schema_login_unix_socket": database.server.socket,
        **variables,
    }
    done = subprocess.run(
        [BIN / "ansible-playbook", "-i", "localhost,", "-c", "local", "-e", json.dumps(values), *arguments, playbook],
        env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_ROLES_PATH": str(ROOT / "roles")},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    report = json.loads(done.stdout[done.stdout.index("\n{" if "-vvv" in arguments else "{") :])
    result = report["plays"][0]["tasks"][-1]["hosts"]["localhost"]
    return done.returncode, result, done.stdout + done.stderr


@pytest.fixture
def bare_python(tmp_path: pathlib.Path) -> str:
    """Return an interpreter without psycopg2: this one, isolated from its packages."""
    path = tmp_path / "python"
    path.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    path.chmod(0o755)
    return str(path)


def test_check_mode_succeeds_on_a_bare_host_and_says_what_would_be_applied(
    tmp_path: pathlib.Path, database: Database, bare_python: str
) -> None:
    code, result, printed = play(
        tmp_path, database, "--check", ansible_python_interpreter=bare_python, schema_login_unix_socket="/nonexistent"
    )
    assert code == 0, printed
    assert (result["changed"], result["pending"], result["applied"]) == (True, sorted(shipped()), [])
    assert result["warnings"] == ["No server at /nonexistent/.s.PGSQL.5432 yet: a real run applies all files"]


def test_a_verification_without_psycopg2_says_what_is_missing(
    tmp_path: pathlib.Path, deployed: Database, bare_python: str
) -> None:
    code, result, printed = play(
        tmp_path, deployed, "--check", ansible_python_interpreter=bare_python, schema_state="verified"
    )
    assert code != 0, printed
    assert "Failed to import the required Python library (psycopg2)" in result["msg"]


def test_the_role_applies_and_the_second_run_changes_nothing(tmp_path: pathlib.Path, database: Database) -> None:
    code, result, printed = play(tmp_path, database)
    assert code == 0, printed
    assert (result["changed"], result["applied"], result["version"]) == (True, sorted(shipped()), len(shipped()))
    code, result, _ = play(tmp_path, database)
    assert (code, result["changed"], result["applied"]) == (0, False, [])
    assert set(result["timings"]) == {"connect", "plan", "compare", "total"}  # no shadow is made for this


def test_a_verification_fails_with_the_name_of_what_is_wrong(tmp_path: pathlib.Path, deployed: Database) -> None:
    deployed.execute("ALTER TABLE public.agent_state ALTER value TYPE text USING value::text")
    code, result, _ = play(tmp_path, deployed, schema_state="verified")
    assert code == 2
    assert result["msg"].splitlines()[1:] == ["column public.agent_state.value: type is text, should be jsonb"]
    # Results for programs would hide the message.
    assert "drift" not in result


def test_a_diff_shows_what_pending_files_change_and_the_sources_are_not_printed(
    tmp_path: pathlib.Path, deployed: Database
) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    added = "ALTER TABLE public.agent_state ADD COLUMN note text;\n"
    for name, text in {**shipped(), "0900_x.sql": added}.items():
        (folder / name).write_text(text)
    code, result, printed = play(tmp_path, deployed, "--check", "--diff", "-vvv", schema_path=str(folder))
    assert (code, result["pending"]) == (0, ["0900_x.sql"])
    assert "column public.agent_state.note\n    type: text\n" in result["diff"]["after"]
    assert base64.b64encode(b"ALTER TABLE public.agent_state ").decode() not in printed
    assert "files" not in result["invocation"]["module_args"]


def test_wrong_names_and_numbers_are_told_together_before_a_server_is_asked(
    tmp_path: pathlib.Path, database: Database
) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    for name in ("0001_good.sql", "0001_again.sql", "2_bad.sql", "0900_x.sql"):
        (folder / name).write_bytes(b"SELECT 1;")
    code, result, _ = play(tmp_path, database, schema_path=str(folder), schema_login_unix_socket="/nonexistent")
    assert code == 2
    assert result["msg"].splitlines() == [
        "0001_good.sql: 0001_again.sql has the number 0001 already",
        "2_bad.sql: a migration is named like 0007_add_sessions.sql (four digits from 0001, an underscore, "
        "then lower-case letters, digits and underscores)",
    ]


def test_everything_bad_in_pending_files_is_told_together_before_anything_is_touched(
    tmp_path: pathlib.Path, database: Database
) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    contents = {
        "0001_good.sql": b"SELECT 1;",
        "0900_x.sql": b"SELECT 1;\nCOMMIT;\n",
        "0901_x.sql": b"SELECT '\xff';",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    code, result, _ = play(tmp_path, database, schema_path=str(folder))
    assert code == 2
    assert result["msg"].splitlines() == [
        "0900_x.sql:2:1: COMMIT is refused: every file is one transaction already",
        "0901_x.sql:1: byte 0xff is not UTF-8",
    ]
    assert database.execute("SELECT to_regclass('jarvis_meta.migrations')") == [(None,)]


def test_no_password_is_printed_whatever_fails(tmp_path: pathlib.Path, deployed: Database) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    texts = {
        "0900_x.sql": "CREATE FUNCTION public.link() RETURNS text LANGUAGE sql RETURN 'host=h password=hunter2';\n",
        "0901_x.sql": "SELECT nothing, 'postgres://u:hunter2@h/d';\n",
    }
    for name, text in {**shipped(), **texts}.items():
        (folder / name).write_text(text)
    code, _, printed = play(tmp_path, deployed, "--diff", "-vvv", schema_path=str(folder))
    assert code == 2
    assert "0901_x.sql:1:8: ERROR" in printed
    assert "hunter2" not in printed


def test_a_wrong_argument_is_ansibles_own_error(tmp_path: pathlib.Path, database: Database) -> None:
    code, result, _ = play(tmp_path, database, schema_state="perfect")
    assert code == 2
    assert "value of schema_state must be one of: applied, verified, got: perfect" in str(result)


def test_the_module_is_documented() -> None:
    done = subprocess.run(
        [BIN / "ansible-doc", "-t", "module", "-M", ROOT / "roles/schema/library", "postgres_migrations", "--json"],
        check=True,
        capture_output=True,
        text=True,
    )
    documented = json.loads(done.stdout)["postgres_migrations"]
    assert {"changed", "applied", "pending", "drift", "version", "timings", "diff"} - {"changed"} <= set(
        documented["return"]
    )
    assert len(documented["doc"]["options"]) == 24


def new_migration(project: pathlib.Path, name: str, *options: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [
            BIN / "ansible-playbook",
            "-i",
            "localhost,",
            project / "playbooks/new-migration.yml",
            "-e",
            f"migration={name}",
            *options,
        ],
        check=False,
        capture_output=True,
        text=True,
    )


def test_a_new_migration_gets_the_next_number_and_is_refused_until_it_is_written(tmp_path: pathlib.Path) -> None:
    shutil.copytree(ROOT / "playbooks", tmp_path / "playbooks")
    folder = tmp_path / "sql/migrations"
    folder.mkdir(parents=True)
    preview = new_migration(tmp_path, "first", "--check")
    assert preview.returncode == 0, preview.stdout
    assert f"{folder}/0001_first.sql" in preview.stdout
    assert list(folder.iterdir()) == []
    assert new_migration(tmp_path, "first").returncode == 0
    (folder / "0041_x.sql").write_text("SELECT 1;\n")
    done = new_migration(tmp_path, "add_sessions")
    assert done.returncode == 0, done.stdout
    assert f"{folder}/0042_add_sessions.sql" in done.stdout
    assert sorted(path.name for path in folder.iterdir()) == ["0001_first.sql", "0041_x.sql", "0042_add_sessions.sql"]
    with pytest.raises(SchemaError, match="0042_add_sessions.sql:1:1: the file has no statement"):
        files.check([files.read("0042_add_sessions.sql", (folder / "0042_add_sessions.sql").read_bytes())])


def test_a_new_migration_with_a_bad_name_is_not_made(tmp_path: pathlib.Path) -> None:
    shutil.copytree(ROOT / "playbooks", tmp_path / "playbooks")
    (tmp_path / "sql/migrations").mkdir(parents=True)
    done = new_migration(tmp_path, "Add-Sessions")
    assert done.returncode == 2
    assert "cannot be the name of a migration" in done.stdout
    assert list((tmp_path / "sql/migrations").iterdir()) == []
