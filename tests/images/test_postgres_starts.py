"""How the PostgreSQL image starts: first, again, interrupted, and when it should not."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from image_containers import UNPRIVILEGED, Postgres, docker

DATA = "/var/lib/postgresql/data"
TRUST = "--env=POSTGRES_HOST_AUTH_METHOD=trust"
FAST = "--env=POSTGRES_INITDB_ARGS=--no-sync"

NewPostgres = Callable[[], Postgres]


def test_an_unprivileged_server_survives_a_kill(new_postgres: NewPostgres):
    server = new_postgres()
    server.run(
        *UNPRIVILEGED, "--user=postgres", server.volume(DATA), server.volume("/var/run/postgresql", "run"), TRUST
    )
    server.wait().sql("CREATE TABLE kept AS SELECT 42 AS answer")
    server.kill().start().wait()
    assert server.sql("SELECT answer FROM kept") == "42"


def test_a_server_started_by_root_hands_over_to_postgres_also_what_belonged_to_others(new_postgres: NewPostgres):
    server = new_postgres()
    server.run(server.volume(DATA), TRUST, FAST).wait()
    server.sh(f"chown -R 4711:4711 {DATA}")
    server.kill().start().wait()
    assert server.sh("stat --format=%U /proc/1", user="postgres") == "postgres"
    assert server.sh(f"stat --format='%U %a' {DATA}") == "postgres 700"


def test_stopping_is_clean(new_postgres: NewPostgres):
    server = new_postgres().run("--user=postgres", TRUST, FAST)
    server.wait()
    docker("stop", server.name)
    assert server.state("ExitCode") == "0"
    assert server.logs().endswith("database system is shut down")


def test_a_password_is_required(new_postgres: NewPostgres):
    assert "set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE" in new_postgres().run("--user=postgres").wait_ended()


@pytest.mark.parametrize("name", ["POSTGRES_PASSWORD", "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_INITDB_ARGS"])
def test_a_value_and_a_file_for_it_are_too_much(new_postgres: NewPostgres, name: str):
    server = new_postgres().run("--user=postgres", f"--env={name}=x", f"--env={name}_FILE=/etc/hostname", TRUST)
    assert f"{name} and {name}_FILE are both set" in server.wait_ended()


def test_a_file_that_cannot_be_read_is_named(new_postgres: NewPostgres):
    server = new_postgres().run("--user=postgres", "--env=POSTGRES_PASSWORD_FILE=/run/nowhere")
    assert "POSTGRES_PASSWORD_FILE names /run/nowhere" in server.wait_ended()


def test_user_and_database_may_come_from_files(new_postgres: NewPostgres, tmp_path: Path):
    (tmp_path / "user").write_text("somebody\n")
    (tmp_path / "database").write_text("something\n")
    tmp_path.chmod(0o755)
    files = ("--env=POSTGRES_USER_FILE=/from/user", "--env=POSTGRES_DB_FILE=/from/database")
    server = new_postgres().run("--user=postgres", f"--volume={tmp_path}:/from:ro", *files, TRUST, FAST)
    server.wait()
    assert server.sql("SELECT current_user", "--username=somebody", "--dbname=something") == "somebody"


def test_the_password_opens_the_server_over_tls_and_no_other_does(new_postgres: NewPostgres, tmp_path: Path):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2"]
        + [
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            tmp_path / "server.key",
            "-out",
            tmp_path / "server.crt",
        ],
        check=True,
        capture_output=True,
    )
    (tmp_path / "server.key").chmod(0o644)
    (tmp_path / "tls.sh").write_text(
        'install --mode=0600 /docker-entrypoint-initdb.d/server.* "$PGDATA"\n'
        'echo "ssl = \'on\'" >> "$PGDATA/postgresql.conf"\n'
        # initdb's own rules let this machine in without a password.
        "sed --in-place '/^host .*127.0.0.1/d' \"$PGDATA/pg_hba.conf\"\n"
    )
    tmp_path.chmod(0o755)
    mount = f"--volume={tmp_path}:/docker-entrypoint-initdb.d:ro"
    server = new_postgres().run("--user=postgres", mount, "--env=POSTGRES_PASSWORD=right", FAST)
    server.wait()
    address = "host=127.0.0.1 user=postgres sslmode=verify-ca sslrootcert=$PGDATA/server.crt"
    statement = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    query = f'psql --tuples-only --no-align "{address}" --command "{statement}"'
    assert server.sh(f"PGPASSWORD=right {query}") == "t|TLSv1.3"
    assert "password authentication failed" in server.sh(f"PGPASSWORD=wrong {query}", check=False)


def test_a_first_start_killed_while_the_files_are_made_is_completed_by_the_next(new_postgres: NewPostgres):
    server = new_postgres()
    server.run(
        *UNPRIVILEGED, "--user=postgres", server.volume(DATA), server.volume("/var/run/postgresql", "run"), TRUST
    )
    begun = f"test -e {DATA}/.first-start-unfinished/global"
    server.wait_ready(f"sh -c {begun.replace(' ', '${IFS}')}").kill()
    server.start().wait()
    assert "beginning again" in server.logs()
    assert server.sql("SELECT 1") == "1"
    assert server.sh(f"ls -A {DATA} | grep first-start || true") == ""


def test_a_first_start_killed_while_init_scripts_run_is_completed_by_the_next(
    new_postgres: NewPostgres, tmp_path: Path
):
    (tmp_path / "10.sql").write_text("CREATE TABLE made_once (i int);")
    (tmp_path / "20.sh").write_text("until [[ -e /docker-entrypoint-initdb.d/go ]]; do sleep 0.1; done\n")
    tmp_path.chmod(0o755)
    server = new_postgres()
    mounts = (server.volume(DATA), server.volume("/var/lib/postgresql/wal", "wal"))
    waldir = "--env=POSTGRES_INITDB_WALDIR=/var/lib/postgresql/wal"
    server.run(*mounts, f"--volume={tmp_path}:/docker-entrypoint-initdb.d:ro", waldir, TRUST, FAST)
    server.wait_until(lambda: "running /docker-entrypoint-initdb.d/20.sh" in server.logs(), "at the script").kill()
    (tmp_path / "go").touch()
    server.start().wait()
    assert server.sql("SELECT count(*) FROM made_once") == "0"
    assert server.sh(f"readlink {DATA}/pg_wal") == "/var/lib/postgresql/wal"


def test_a_failing_init_script_ends_the_start_and_is_never_served(new_postgres: NewPostgres, tmp_path: Path):
    script = tmp_path / "10.sql"
    script.write_text("SELECT no_such_column;")
    tmp_path.chmod(0o755)
    server = new_postgres()
    server.run(server.volume(DATA), f"--volume={tmp_path}:/docker-entrypoint-initdb.d:ro", TRUST, FAST)
    assert "no_such_column" in server.wait_ended()
    script.write_text("CREATE TABLE corrected (i int);")
    server.start().wait()
    assert server.sql("SELECT count(*) FROM corrected") == "0"


def test_a_volume_with_something_else_is_left_alone(new_postgres: NewPostgres):
    server = new_postgres()
    volume = server.volume(DATA)
    docker("run", "--rm", "--network=none", volume, "--entrypoint=touch", server.image, f"{DATA}/precious")
    assert "is not empty, yet holds no database" in server.run("--user=postgres", volume, TRUST).wait_ended()
    assert docker("run", "--rm", "--network=none", volume, server.image, "ls", "-A", DATA) == "precious"


def test_a_wal_folder_with_something_in_it_is_left_alone(new_postgres: NewPostgres):
    server = new_postgres()
    volume = server.volume("/wal", "wal")
    docker("run", "--rm", "--network=none", volume, "--entrypoint=touch", server.image, "/wal/precious")
    log = server.run(volume, "--env=POSTGRES_INITDB_WALDIR=/wal", TRUST).wait_ended()
    assert "POSTGRES_INITDB_WALDIR is /wal, which is not empty" in log
    assert docker("run", "--rm", "--network=none", volume, server.image, "ls", "-A", "/wal") == "precious"


def test_a_volume_of_somebody_else_is_named_when_root_is_not_there_to_hand_it_over(new_postgres: NewPostgres):
    server = new_postgres()
    volume = server.volume(DATA)
    docker("run", "--rm", "--network=none", volume, server.image, "sh", "-c", f"touch {DATA}/x; chown 4711 {DATA}")
    assert f"{DATA} belongs to" in server.run("--user=postgres", volume, TRUST).wait_ended()


def test_a_configuration_file_of_ones_own_keeps_the_socket_where_clients_look(
    new_postgres: NewPostgres, tmp_path: Path
):
    (tmp_path / "own.conf").write_text("shared_buffers = '16MB'\nlisten_addresses = '*'\n")
    tmp_path.chmod(0o755)
    server = new_postgres().run(
        *UNPRIVILEGED, "--user=postgres", "--tmpfs=/var/run/postgresql", f"--volume={tmp_path}:/own:ro", TRUST,
        command=("-c", "config_file=/own/own.conf"),
    )  # fmt: skip
    assert server.wait().sql("SHOW shared_buffers") == "16MB"


def test_the_default_locale_is_the_official_images(new_postgres: NewPostgres):
    server = new_postgres().run("--user=postgres", TRUST, FAST)
    locale = "SELECT datcollate, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'postgres'"
    assert server.wait().sql(locale) == "en_US.utf8|UTF8"


@pytest.mark.parametrize(
    ("command", "output"),
    [
        (("postgres", "--version"), "postgres (PostgreSQL) 16."),
        (("--version",), "postgres (PostgreSQL) 16."),
        (("id", "-un"), "root"),
    ],
)
def test_other_commands_simply_run(postgres_image: str, command: tuple[str, ...], output: str):
    assert docker("run", "--rm", "--network=none", postgres_image, *command).startswith(output)
