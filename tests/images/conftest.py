"""The images under test come from the environment; nothing of a test stays."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from image_containers import UNPRIVILEGED, Container, Postgres, Redis, docker, remove_all  # noqa: E402


def image_from(variable: str) -> str:
    """Return the image that the variable names, or end the run: a test that cannot run must not look passed."""
    image = os.environ.get(variable)
    if not image:
        pytest.exit(f"{variable} is not set: name the image to test, such as jarvis/postgres:16.14-0123abcd", 2)
    return image


@pytest.fixture(scope="session")
def postgres_image() -> str:
    return image_from("JARVIS_TEST_POSTGRES_IMAGE")


@pytest.fixture(scope="session")
def redis_image() -> str:
    return image_from("JARVIS_TEST_REDIS_IMAGE")


@pytest.fixture(scope="session")
def cleaned_up() -> Iterator[None]:
    """Begin and end without containers and volumes of these tests."""
    remove_all()
    yield
    remove_all()


@pytest.fixture
def new_postgres(cleaned_up: None, postgres_image: str) -> Iterator[Callable[[], Postgres]]:
    yield from removed_later(Postgres, postgres_image)


@pytest.fixture
def new_redis(cleaned_up: None, redis_image: str) -> Iterator[Callable[[], Redis]]:
    yield from removed_later(Redis, redis_image)


def removed_later(kind: type[Container], image: str) -> Iterator[Callable[[], Container]]:
    """Give a test a function that names containers, and remove them after it."""
    made = []

    def make() -> Container:
        made.append(kind(image))
        return made[-1]

    yield make
    for container in made:
        docker("rm", "--force", "--volumes", container.name)


INIT_SCRIPTS = {
    "10-first.sql": "CREATE TABLE steps (number serial, step text); INSERT INTO steps (step) VALUES ('10');",
    "20-executed.sh": """#!/bin/bash
        psql --quiet --username app --dbname 'app db' --command "INSERT INTO steps (step) VALUES ('20')"
        """,
    "30-sourced.sh": "docker_process_sql <<< \"INSERT INTO steps (step) VALUES ('30')\"",
    "40-settings.sql": "CREATE TABLE seen AS SELECT name, setting FROM pg_settings;",
    "70-ignored.txt": "this is no SQL",
}


@pytest.fixture(scope="session")
def served(cleaned_up: None, postgres_image: str, tmp_path_factory: pytest.TempPathFactory) -> Postgres:
    """One server for all tests that only ask: unprivileged, with init scripts, TLS and a password from a file."""
    folder = tmp_path_factory.mktemp("served")
    scripts = folder / "initdb.d"
    scripts.mkdir(mode=0o755)
    for name, text in INIT_SCRIPTS.items():
        (scripts / name).write_text(text)
    (scripts / "20-executed.sh").chmod(0o755)
    # The image's own tools compress these files, because they are needed to read them as well.
    pack = "; ".join(
        f"echo \"INSERT INTO steps (step) VALUES ('{number}');\" | {tool} --stdout > /out/{number}-packed.sql.{ending}"
        for number, tool, ending in ((50, "gzip", "gz"), (55, "xz", "xz"), (60, "zstd", "zst"))
    )
    docker("run", "--rm", "--network=none", f"--volume={scripts}:/out", postgres_image, "bash", "-ec", pack)
    (folder / "password").write_text("from the file: ' \" $ %\n")
    server = Postgres(postgres_image)
    server.run(
        *UNPRIVILEGED,
        "--user=postgres",
        server.volume("/var/lib/postgresql/data"),
        server.volume("/var/run/postgresql", "run"),
        f"--volume={scripts}:/docker-entrypoint-initdb.d:ro",
        f"--volume={folder / 'password'}:/run/secret:ro",
        "--env=POSTGRES_PASSWORD_FILE=/run/secret",
        "--env=POSTGRES_USER=app",
        "--env=POSTGRES_DB=app db",
        "--env=POSTGRES_INITDB_ARGS=--no-sync --data-checksums --locale='C.UTF-8' --lc-collate=C",
        "--env=PGUSER=app",
        "--env=PGDATABASE=app db",
        command=("postgres", "-c", "work_mem=7MB", "-c", "cluster_name=it's here"),
    )
    return server.wait()
