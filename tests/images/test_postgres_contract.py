"""What a running server of the PostgreSQL image promises; one server, which these tests only ask."""

from __future__ import annotations

import json

import pytest
from image_containers import Postgres, docker

PROGRAMS = [
    "initdb",
    "pg_ctl",
    "postgres",
    "clusterdb",
    "createdb",
    "createuser",
    "dropdb",
    "dropuser",
    "pg_amcheck",
    "pg_archivecleanup",
    "pg_basebackup",
    "pg_checksums",
    "pg_controldata",
    "pg_dump",
    "pg_dumpall",
    "pg_isready",
    "pg_receivewal",
    "pg_recvlogical",
    "pg_resetwal",
    "pg_restore",
    "pg_rewind",
    "pg_verifybackup",
    "pg_waldump",
    "pgbench",
    "psql",
    "reindexdb",
    "vacuumdb",
]


@pytest.fixture(scope="module")
def config(postgres_image: str) -> dict:
    return json.loads(docker("image", "inspect", postgres_image))[0]["Config"]


def test_the_image_says_what_it_holds(config):
    environment = dict(variable.split("=", 1) for variable in config["Env"])
    assert environment["PG_MAJOR"] == "16"
    assert environment["PG_VERSION"].startswith("16.")
    assert environment["PGDATA"] == "/var/lib/postgresql/data"


def test_the_image_declares_its_volume_its_port_and_its_signal(config):
    assert list(config["Volumes"]) == ["/var/lib/postgresql/data"]
    assert list(config["ExposedPorts"]) == ["5432/tcp"]
    assert config["StopSignal"] == "SIGINT"


def test_the_image_is_labelled_as_built_here(config):
    labels = config["Labels"]
    assert labels["jarvis.built"] == "true"
    assert len(labels["jarvis.recipe"]) == 8
    assert labels["org.opencontainers.image.version"].startswith("16.")


def test_the_password_from_a_file_is_needed_and_accepted_over_the_network(served: Postgres):
    assert served.sql("SELECT auth_method FROM pg_hba_file_rules WHERE address = 'all'") == "scram-sha-256"
    served.sh("sed --in-place '/^host .*127.0.0.1/d' \"$PGDATA/pg_hba.conf\"; pg_ctl reload")
    connect = "psql --host 127.0.0.1 --tuples-only --no-align --command 'SELECT 1'"
    assert served.sh(f"PGPASSWORD=$(cat /run/secret) {connect}") == "1"
    assert "password authentication failed" in served.sh(f"PGPASSWORD=wrong {connect}", check=False)


def test_the_password_is_not_in_the_servers_environment(served: Postgres):
    environment = served.sh("tr '\\0' '\\n' < /proc/1/environ")
    assert "PGDATA" in environment
    assert "PASSWORD" not in environment.replace("POSTGRES_PASSWORD_FILE", "")


def test_the_superuser_and_the_database_are_the_ones_asked_for(served: Postgres):
    assert served.sql("SELECT current_user, usesuper FROM pg_user WHERE usename = current_user") == "app|t"
    assert served.sql("SELECT current_database()") == "app db"


def test_the_arguments_for_initdb_are_followed(served: Postgres):
    assert served.sql("SHOW data_checksums") == "on"
    assert served.sql("SELECT datcollate, datctype FROM pg_database WHERE datname = current_database()") == "C|C.UTF-8"


def test_init_scripts_ran_in_the_order_of_their_names_whatever_their_kind(served: Postgres):
    assert served.sql("SELECT string_agg(step, ' ' ORDER BY number) FROM steps") == "10 20 30 50 55 60"


def test_init_scripts_ran_on_a_server_that_only_the_socket_reaches(served: Postgres):
    assert served.sql("SELECT setting FROM seen WHERE name = 'listen_addresses'") == ""
    assert served.sql("SHOW listen_addresses") == "*"


def test_the_servers_arguments_hold_for_the_init_scripts_too(served: Postgres):
    assert served.sql("SELECT setting FROM seen WHERE name = 'work_mem'") == "7168"
    assert served.sql("SELECT setting FROM seen WHERE name = 'cluster_name'") == "it's here"
    assert served.sql("SHOW work_mem") == "7MB"


def test_the_server_is_the_first_process_and_runs_as_postgres(served: Postgres):
    assert served.sh("cat /proc/1/comm") == "postgres"
    assert served.sh("stat --format=%U /proc/1") == "postgres"


def test_a_fresh_volume_belongs_to_postgres_and_to_nobody_else(served: Postgres):
    assert served.sh('stat --format="%U %G %a" "$PGDATA"') == "postgres postgres 700"
    assert served.sh("stat --format='%U %G' /var/run/postgresql") == "postgres postgres"


def test_the_socket_is_where_clients_look(served: Postgres):
    assert served.sql("SHOW unix_socket_directories") == "/var/run/postgresql"


def test_the_server_speaks_tls_and_knows_icu(served: Postgres):
    assert served.sql("SHOW ssl_library") == "OpenSSL"
    assert int(served.sql("SELECT count(*) FROM pg_collation WHERE collprovider = 'i'")) > 100


def test_the_programs_of_server_and_clients_are_on_the_path_and_run(served: Postgres):
    versions = served.sh(f"for program in {' '.join(PROGRAMS)}; do $program --version; done").splitlines()
    assert [version.rpartition(".")[0] for version in versions] == [
        f"{program} (PostgreSQL) 16" for program in PROGRAMS
    ]


def test_every_library_of_every_program_and_module_is_there(served: Postgres):
    libraries = served.sh("cd /usr/lib/postgresql/16; ldd bin/* lib/postgresql/*.so")
    assert "libpq" in libraries
    assert "not found" not in libraries


def test_every_extension_on_offer_can_be_created(served: Postgres):
    names = served.sql("SELECT name FROM pg_available_extensions ORDER BY name").split()
    assert {"pgcrypto", "pg_stat_statements", "amcheck", "pg_trgm", "uuid-ossp"} <= set(names)
    create = "SELECT format('CREATE EXTENSION IF NOT EXISTS %I CASCADE', name) FROM pg_available_extensions \\gexec"
    served.sql(f"BEGIN;\n{create}\nROLLBACK;")


def test_time_zones_are_known_to_the_server_and_the_system(served: Postgres):
    assert (
        served.sql("SELECT '2026-07-01 12:00 Europe/Berlin'::timestamptz AT TIME ZONE 'UTC'") == "2026-07-01 10:00:00"
    )
    assert served.sh("TZ=Europe/Berlin date --date='2026-07-01 12:00 UTC' +%H:%M") == "14:00"


def test_backups_can_be_taken_checked_and_read_back(served: Postgres):
    served.sh(
        "pg_basebackup --pgdata /tmp/base --checkpoint fast --no-sync && pg_verifybackup /tmp/base; rm -r /tmp/base"
    )
    served.sh("pg_dump --format custom --file /tmp/dump && createdb copy && pg_restore --dbname copy /tmp/dump")
    assert served.sql("SELECT count(*) FROM steps", "--dbname=copy") == "6"
    assert "steps" in served.sh("pg_dumpall")
    served.sh("pg_amcheck --database copy --install-missing && dropdb copy")


def test_the_benchmark_runs(served: Postgres):
    output = served.sh(
        "createdb bench && pgbench --quiet --initialize bench && pgbench --transactions 10 bench; dropdb bench"
    )
    assert "number of failed transactions: 0" in output
