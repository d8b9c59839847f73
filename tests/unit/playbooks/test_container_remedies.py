"""For each known last line of a server or error of the engine, the remedy is found."""

from __future__ import annotations

import pytest
from ansible.module_utils import container_report as report

REDIS_CONFIG = "*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\nReading the configuration file, at line 2\n"


def container(name="jarvis-postgres", data="/srv/data", **state):
    return {
        "Name": f"/{name}",
        "Config": {"Image": "an/image:16", "User": "somebody"},
        "Mounts": [
            {"RW": True, "Source": "/srv/run", "Destination": "/var/run/postgresql"},
            {"RW": False, "Source": "/etc/jarvis", "Destination": "/etc/data"},
            {"RW": True, "Source": data, "Destination": "/data"},
        ],
        "State": {"Status": "exited", "ExitCode": 1, "OOMKilled": False, "Error": "", **state},
    }


@pytest.mark.parametrize(
    ("log", "remedy"),
    [
        ('PANIC:  could not write to file "pg_wal/1": No space left on device', "The disk is full. Free some"),
        ("initdb: error: could not create directory: Disk quota exceeded", "(df -h /srv/data)"),
        (
            "FATAL:  database files are incompatible with server\nDETAIL:  The data directory was initialized by "
            "PostgreSQL version 15, which is not compatible with this version 16.14.",
            "The data in /srv/data was written by another version than an/image:16 has.",
        ),
        ('FATAL:  data directory "/data" has wrong ownership\nHINT:  The server must be', "ls -lan /srv/data"),
        ('FATAL:  data directory "/data" has invalid permissions', "--entrypoint id an/image:16 somebody"),
        ("chmod: changing permissions of '/data': Operation not permitted", "give the files back to it (chown -R)"),
        ("mkdir: cannot create directory '/data': Permission denied", "give the files back to it (chown -R)"),
        (
            "Error: Database is uninitialized and superuser password is not specified.",
            "This server never starts empty by itself, and /srv/data holds no data.",
        ),
        (
            "docker-entrypoint.sh: the superuser needs a password: set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE",
            "only with postgres_allow_empty=true",
        ),
        (
            'FATAL:  lock file "postmaster.pid" already exists\n'
            'HINT:  Is another postmaster (PID 7) running in data directory "/data"?',
            "Another server works on /srv/data",
        ),
        ('postgres: could not open file "/data/global/pg_control": No such file or directory', "restore a backup"),
        ("PANIC:  could not locate a valid checkpoint record", "Copy the folder aside (cp -a)"),
        ('FATAL:  could not load server certificate file "/run/secrets/postgres/server.crt"', "/etc/jarvis/secrets"),
        (
            'postgres: could not access the server configuration file "/etc/postgresql/postgresql.conf": No such file',
            "Deploy without --tags",
        ),
        ("FATAL:  could not load /etc/postgresql/pg_hba.conf", "Deploy without --tags"),
        ('LOG:  unrecognized configuration parameter "a" in file "b" line 1', "Correct postgres_settings"),
        ("FATAL:  could not map anonymous shared memory: Cannot allocate memory", "Raise postgres_memory_mb"),
        ("FATAL:  the database system is starting up", "raise postgres_healthy_timeout_seconds if that repeats"),
    ],
)  # fmt: skip
def test_last_words_of_postgres_lead_to_a_remedy(log, remedy):
    assert remedy in report.of_server(container(), "ended", log.splitlines())


@pytest.mark.parametrize(
    ("log", "remedy"),
    [
        (
            "# Bad file format reading the append only file appendonly.aof.2.incr.aof: make a backup of your AOF file, "
            "then use ./redis-check-aof --fix <filename.manifest>",
            "--fix /data/current/appendonlydir/appendonly.aof.manifest",
        ),
        (
            "# Unexpected end of file reading the append only file appendonly.aof.1.incr.aof. You can: 1) Make",
            "what follows it in appendonly.aof.1.incr.aof is cut off",
        ),
        (
            "# Unknown command 'FOO' reading the append only file appendonly.aof.1.incr.aof",
            "docker run --rm -it --network none --user somebody --volume {data}:/data --entrypoint redis-check-aof",
        ),
        (
            "# Error reading the RDB base file appendonly.aof.1.base.rdb, AOF loading aborted",
            "The base of the append-only file is damaged, which redis-check-aof cannot mend.",
        ),
        ("*** FATAL AOF MANIFEST FILE ERROR ***", "The list of the append-only files"),
        ("# The AOF file appendonly.aof.1.incr.aof doesn't exist", "names a file that is gone"),
        ("# Can't handle RDB format version 12", "written by another version"),
        (REDIS_CONFIG + ">>> 'dir \"/data/current\"'\nNo such file or directory", "redis_allow_empty=true"),
        (REDIS_CONFIG + ">>> 'dir \"/data/current\"'\nPermission denied", "may not use its files"),
        (REDIS_CONFIG + ">>> 'maxmemroy 1'\nBad directive or wrong number of arguments", "Correct redis_settings"),
        ("# Can't open or create append-only dir appendonlydir: Permission denied", "may not use its files"),
        ("# Failed to configure TLS. Check logs for more info.", "certificate or key cannot be used"),
        ("# Aborting Redis startup because of ACL errors: /run/secrets/redis/users.acl:3: x", "all are put back"),
        ("# Out Of Memory allocating 104857600 bytes!", "Raise redis_memory_mb"),
        ("LOADING Redis is loading the dataset in memory", "still recovering or loading"),
        ("BUSY Redis is busy running a script. You can only call", "redis-cli --user admin SCRIPT KILL"),
    ],
)
def test_last_words_of_redis_lead_to_a_remedy(tmp_path, log, remedy):
    folder = tmp_path / "current" / "appendonlydir"
    folder.mkdir(parents=True)
    (folder / "appendonly.aof.manifest").touch()
    said = report.of_server(container("jarvis-redis", str(tmp_path)), "ended", log.splitlines())
    assert remedy.format(data=tmp_path) in said


@pytest.mark.parametrize(
    ("failure", "remedy"),
    [
        (
            "Error starting container 0a1b: 500 Server Error for http+docker://localhost/v1.41/containers/0a1b/start: "
            'Internal Server Error ("driver failed programming external connectivity on endpoint jarvis-postgres (77): '
            'Bind for 127.0.0.1:5432 failed: port is already allocated")',
            "set postgres_port to a free port",
        ),
        (
            "failed to listen on TCP socket: listen tcp4 127.0.0.1:5432: bind: address already in use",
            "Something else holds the port",
        ),
        (
            "Error creating container: 400 Client Error for http+docker://localhost/v1.41/create: Bad Request "
            '("invalid mount config for type "bind": bind source path does not exist: /etc/jarvis/postgres")',
            "/etc/jarvis/postgres is mounted into the container, and is missing",
        ),
        (
            "OCI runtime create failed: container_linux.go:380: starting container process caused: error mounting "
            '"/etc/jarvis/postgres" to rootfs at "/etc/postgresql": not a directory',
            "/etc/jarvis/postgres is mounted into the container, and is missing or no folder",
        ),
        ('404 Client Error: Not Found ("network 4711abc not found")', "docker rm jarvis-postgres"),
        ("iptables failed: iptables -t nat -A DOCKER: iptables: No chain/target/match by that name.", "restart docker"),
        (
            "Error connecting: ('Connection aborted.', FileNotFoundError(2, 'No such file'))",
            "The engine does not answer",
        ),
        ("Cannot find image with name an/image:16, and pull=never", "The image is not on the host"),
        ("write /var/lib/docker/tmp/x: no space left on device", "The disk is full"),
        ("something that nobody knew", "Mend what it names, then deploy again."),
    ],
)
def test_refusal_of_the_engine_leads_to_a_remedy(failure, remedy):
    said = report.of_engine(container(), "jarvis-postgres", failure)
    assert said.startswith("jarvis-postgres was not started. ")
    assert remedy in said
    assert failure in said


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"Status": "exited", "ExitCode": 0}, "It was stopped, and ended cleanly. A deployment starts it again."),
        (
            {"Status": "paused", "ExitCode": 0},
            "Somebody has paused it. As root on the host: docker unpause jarvis-redis",
        ),
    ],
)
def test_server_that_did_not_end_by_itself_is_explained_without_its_log(state, told):
    lines = ["Reading RDB base file on AOF loading...", "Ready to accept connections"]
    text = report.of_server(container("jarvis-redis", **state), f"is {state['Status']}", lines)
    assert text == f"jarvis-redis is {state['Status']}.\n{told}"


def test_what_a_good_start_says_is_no_damage():
    lines = ["Reading RDB base file on AOF loading...", "DB loaded from base file a.1.base.rdb: 0.000 seconds"]
    text = report.of_server(container("jarvis-redis", ExitCode=137), "is exited", lines)
    assert "It was killed." in text
    assert "damaged" not in text


def test_line_that_tells_the_cause_is_shown_even_if_many_follow():
    log = ["FATAL:  data directory has wrong ownership", *(f"line {number}" for number in range(50))]
    said = report.of_server(container(), "ended", log).splitlines()
    assert said[-8:] == [
        "  FATAL:  data directory has wrong ownership",
        *(f"  line {number}" for number in range(43, 50)),
    ]


def test_report_is_short_whatever_was_written():
    said = report.of_server(container(), "ended", ["x" * 5000] * 500)
    assert len(said.splitlines()) <= 25
    assert max(map(len, said.splitlines())) < 260


def test_lack_of_memory_goes_before_what_the_log_says():
    said = report.of_server(container(OOMKilled=True, ExitCode=137), "ended", ["PANIC:  anything"])
    assert "Raise postgres_memory_mb" in said
    assert "killed for lack of memory: yes" in said
