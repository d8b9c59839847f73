"""Extensions: made by the superuser before the files, in a schema of their own, and no drift."""

from __future__ import annotations

import os
import pathlib
import subprocess

import psycopg2
import pytest
import yaml
from schema_server import ROOT, Database, Server, shipped

FILES = {
    **shipped(),
    "0900_x.sql": """
        CREATE TABLE public.people (name extensions.citext PRIMARY KEY, secret text, place extensions.earth);
        CREATE INDEX ON public.people USING gin (secret extensions.gin_trgm_ops);
        CREATE VIEW public.hashed AS SELECT extensions.digest(secret, 'sha256') AS hash FROM public.people;
        GRANT SELECT ON public.people TO jarvis;
    """,
}
USERS = ("jarvis", "jarvis_readonly")
# Trusted ones and others, one that needs another, and one that names a schema itself.
LISTED = ("amcheck", "pg_stat_statements", "pgcrypto", "citext", "pg_trgm", "earthdistance", "adminpack")


def listed(database: Database, *names: str):
    return database.target(extensions=names, extension_users=USERS)


def where(database: Database) -> dict[str, str]:
    return dict(database.execute("SELECT extname, extnamespace::regnamespace::text FROM pg_extension"))


@pytest.fixture(scope="module")
def extended(server: Server) -> Database:
    """Make a database with extensions, and with files that use them."""
    server.create_database("extended")
    database = Database(server, "extended")
    outcome = database.run(FILES, target=listed(database, *LISTED))
    assert outcome.extensions == list(LISTED)
    assert outcome.warnings == []
    return database


def test_extensions_are_there_before_the_files_and_are_no_drift(extended: Database) -> None:
    inside = {"amcheck", "pg_stat_statements", "pgcrypto", "citext", "pg_trgm", "earthdistance", "cube"}
    assert where(extended) == {
        **dict.fromkeys(inside, "extensions"),
        "adminpack": "pg_catalog",
        "plpgsql": "pg_catalog",
    }
    assert extended.run(FILES, target=listed(extended, *LISTED), state="verified").drift == []
    again = extended.run(FILES, target=listed(extended, *LISTED))
    assert (again.extensions, again.as_result(would_apply=False)["changed"]) == ([], False)


def test_the_application_uses_what_is_in_their_schema_and_makes_nothing_there(extended: Database) -> None:
    path = 'SET search_path = "$user", public, extensions; '
    for user in USERS:
        ((found,),) = extended.execute(path + "SELECT crypt('x', '$1$abcdefgh') <> digest('x', 'md5')::text", user=user)
        assert found
        with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="permission denied for schema extensions"):
            extended.execute(
                "CREATE FUNCTION extensions.digest(text, text) RETURNS text LANGUAGE sql RETURN 'x'", user=user
            )
    assert extended.execute("SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'extensions'") == [
        ("postgres",)
    ]


def test_a_further_extension_is_previewed_and_then_made_without_a_file(deployed: Database) -> None:
    preview = deployed.run(check_mode=True, target=listed(deployed, "pgcrypto"))
    assert (preview.extensions, preview.warnings) == (["pgcrypto"], [])
    assert preview.as_result(would_apply=True)["changed"]
    assert "pgcrypto" not in where(deployed)
    outcome = deployed.run(target=listed(deployed, "pgcrypto"))
    assert (outcome.extensions, outcome.applied, outcome.warnings) == (["pgcrypto"], [], [])
    assert where(deployed)["pgcrypto"] == "extensions"


def test_a_further_user_of_the_database_may_use_them(deployed: Database) -> None:
    deployed.run(target=deployed.target(extensions=("pgcrypto",), extension_users=("jarvis",)))
    may = "SELECT has_schema_privilege('jarvis_readonly', 'extensions', 'USAGE')"
    assert deployed.execute(may) == [(False,)]
    deployed.run(target=listed(deployed, "pgcrypto"))
    assert deployed.execute(may) == [(True,)]


def test_their_schema_is_the_superusers_or_none_is_made(database: Database) -> None:
    database.execute("CREATE SCHEMA extensions AUTHORIZATION jarvis_owner")
    outcome = database.run(target=listed(database, "pgcrypto"), expect_failure=True)
    assert "The schema extensions belongs to jarvis_owner" in outcome.failure
    assert where(database) == {"plpgsql": "pg_catalog"}


def test_one_that_the_image_lacks_is_refused_by_name_before_anything_is_touched(database: Database) -> None:
    target = listed(database, "pgcrypto", "no_such", "nor_this")
    for check_mode in (True, False):
        outcome = database.run(target=target, check_mode=check_mode, expect_failure=True)
        assert outcome.failure == (
            "postgres_extensions: the server's image does not have no_such, nor_this. Nothing was changed. "
            "Take an image that has it (images_postgres), or remove it from the list"
        )
    assert where(database) == {"plpgsql": "pg_catalog"}
    assert database.execute("SELECT to_regclass('jarvis_meta.migrations') IS NULL") == [(True,)]


def test_one_that_is_taken_from_the_list_is_told_and_stays(deployed: Database) -> None:
    deployed.run(target=listed(deployed, "amcheck", "pgcrypto"))
    outcome = deployed.run(target=listed(deployed, "amcheck"))
    assert outcome.differences == ["extension pgcrypto should not be there"]
    assert where(deployed)["pgcrypto"] == "extensions"
    deployed.execute("DROP EXTENSION pgcrypto")
    assert deployed.run(target=listed(deployed, "amcheck"), state="verified").drift == []


def test_the_file_of_settings_is_refused_where_the_image_lacks_an_extension(tmp_path: pathlib.Path) -> None:
    script = yaml.safe_load((ROOT / "roles/postgres/vars/main.yml").read_text())["__postgres_validation"]
    candidate = tmp_path / "candidate.conf"
    candidate.write_text("shared_preload_libraries = 'pg_stat_statements'\n")
    image = os.environ["JARVIS_TEST_POSTGRES_IMAGE"]
    mount = f"--volume={candidate}:/candidate.conf:ro"
    run = [
        "docker",
        "run",
        "--rm",
        "--network=none",
        "--user=root",
        "--entrypoint=sh",
        mount,
        image,
        "-c",
        script,
        image,
    ]
    there = subprocess.run([*run, "amcheck", "uuid-ossp"], check=False, capture_output=True, text=True)
    assert there.returncode == 0, there.stderr
    assert there.stdout.strip().isdecimal()  # of shared_buffers: the server took the file
    missing = subprocess.run([*run, "amcheck", "no_such"], check=False, capture_output=True, text=True)
    assert missing.returncode == 1
    assert missing.stderr == (
        f"postgres_extensions: the image {image} does not have no_such; "
        "take one that has it, or remove it from the list\n"
    )
