"""No client can keep the others from using the server."""

from __future__ import annotations

import subprocess

# Opens connections and keeps them. In each it sends either enough for the server to ask for a password, which takes one
# of the server's places, or nothing.
FLOOD = r"""
import socket, struct, sys, time
count, speaks = int(sys.argv[1]), sys.argv[2] == "speaks"
hello = struct.pack("!I", 196608) + b"user\0jarvis\0database\0jarvis\0\0"
clients = []
for _ in range(count):
    client = socket.create_connection(("127.0.0.1", 5432))
    if speaks:
        client.sendall(struct.pack("!I", len(hello) + 4) + hello)
    clients.append(client)
print("held", flush=True)
sys.stdin.readline()
"""
LOG_IN = """
import os, psycopg2, time
deadline = time.time() + 30
while True:
    try:
        psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=20).close()
        break
    except psycopg2.OperationalError as error:
        if time.time() > deadline:
            raise
        time.sleep(0.5)
print("accepted")
"""
EVERYTHING = "SELECT length(string_agg(repeat(md5(g::text), 300), chr(44))) FROM generate_series(1, 100000) g"


def log_in(host):
    return host.out(f"set -a; . /etc/jarvis/jarvis.env; python3 -c '{LOG_IN}'")


def flood(host, count, how):
    process = subprocess.Popen(
        ["docker", "exec", "-i", host.name, "python3", "-c", FLOOD, str(count), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_statement_without_measure_fails_and_all_others_go_on(host):
    started = host.sql("SELECT pg_postmaster_start_time()")
    other = subprocess.Popen(
        [*("docker", "exec", "-i", host.name, "docker", "exec", "-i", "jarvis-postgres")]
        + [*("psql", "-X", "-U", "postgres", "-d", "jarvis", "-At")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    other.stdin.write("SELECT 1;\n")
    other.stdin.flush()
    assert other.stdout.readline() == "1\n"
    done = host.run(f'docker exec jarvis-postgres psql -X -U postgres -d jarvis -Atc "{EVERYTHING}" 2>&1', check=False)
    assert "ERROR:  out of memory" in done.stdout
    assert other.communicate("SELECT 2;\n")[0] == "2\n"
    assert host.sql("SELECT pg_postmaster_start_time()") == started


def test_maintenance_and_hashes_have_the_memory_that_the_settings_give(host):
    assert host.sql(
        "CREATE TEMP TABLE t AS SELECT g, md5(g::text) AS h FROM generate_series(1, 300000) g;"
        " CREATE INDEX ON t (h); ANALYZE t; SET enable_mergejoin = off; SET enable_nestloop = off;"
        " SELECT count(*) FROM t a JOIN t b USING (h)"
    ).endswith("300000")


def test_clients_that_never_log_in_leave_a_place_to_who_does(host):
    assert host.sql("SHOW authentication_timeout") == "10s"
    for count, how in ((100, "is silent"), (100, "speaks")):
        process = flood(host, count, how)
        assert log_in(host) == "accepted"
        process.communicate("\n", timeout=30)


def test_processors_are_limited_where_the_inventory_says_so(deploy, host):
    quota = "cat /sys/fs/cgroup/cpu.max 2>/dev/null || cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us"
    limits = {"postgres_cpus": 0.5, "redis_cpus": 1.5}
    assert deploy("--tags", "postgres,redis", **limits).code == 0
    assert host.out(f"docker exec jarvis-postgres sh -c '{quota}'").split()[0] == "50000"
    assert host.out(f"docker exec jarvis-redis sh -c '{quota}'").split()[0] == "150000"
    run = deploy("--tags", "postgres,redis", **limits)
    assert (run.code, run.count("changed")) == (0, 0)
    assert deploy("--tags", "postgres,redis").code == 0
    assert host.out(f"docker exec jarvis-postgres sh -c '{quota}'").split()[0] in ("max", "-1")
