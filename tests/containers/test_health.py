"""A wait for a container ends as soon as its outcome is certain. If the container does not work, it says why."""

from __future__ import annotations

import json
import subprocess

import container_health
import pytest
from waiting_containers import HEALTHY, docker

DATA = "/var/lib/postgresql/data"
TRUST = "--env=POSTGRES_HOST_AUTH_METHOD=trust"
FAST = "--env=POSTGRES_INITDB_ARGS=--no-sync"
READY = "--health-cmd=pg_isready --host=127.0.0.1"
PING = "--health-cmd=redis-cli -e ping"


def test_healthy_container_is_not_waited_for(redis, wait):
    redis.run(command=("sleep", "600"), health=HEALTHY)
    assert wait(redis).answer["status"] == "healthy"


def test_first_check_of_the_engine_is_not_waited_for(redis, wait):
    # The engine makes its first check one interval after the start.
    rarely = ("--tmpfs=/tmp", "--health-interval=1h")
    redis.run(
        *rarely, command=("sh", "-c", "sleep 2; touch /tmp/ready; sleep 600"), health="--health-cmd=test -e /tmp/ready"
    )
    assert wait(redis, timeout=60).answer["status"] == "healthy"


def test_container_that_exits_ends_the_wait(redis, wait):
    redis.run(command=("sh", "-c", "echo some last words; exit 3"), restart="no")
    assert wait(redis).says(
        f"{redis.name} is exited.",
        "State: exited, exit code 3, killed for lack of memory: no.",
        "  some last words",
        f"docker logs {redis.name}",
    )


def test_container_in_a_crash_loop_ends_the_wait_and_shows_its_last_start_alone(redis, wait):
    redis.run(command=("sh", "-c", "echo begin $(date +%N); sleep 0.3; exit 4"))
    waited = wait(redis)
    assert waited.says("ended with exit code 4", "State: restarting, exit code 4")
    assert waited.msg.count("begin") == 1


def test_what_is_written_before_the_engine_notes_the_start_counts(redis):
    redis.run(command=("sh", "-c", "echo begin $(date +%N); exit 4"))
    redis.wait_for_restarts(2)
    docker("stop", redis.name)
    container = json.loads(docker("inspect", redis.name))[0]
    whole = docker("logs", redis.name).splitlines()
    assert len(whole) > 1
    # This imitates a busy machine, on which the engine notes the start late.
    container["State"]["StartedAt"] = container["State"]["FinishedAt"]
    assert container_health.lines_since_start(container) == whole[-1:]


def test_container_that_crashes_once_while_it_is_waited_for_ends_the_wait(redis, wait):
    # The second time it stays up, unhealthy. The wait need not see the moment between the two starts.
    redis.run("--tmpfs=/tmp", f"--volume={redis.volume}:/data", command=(
        "sh", "-c", "if [ -e /data/again ]; then sleep 600; fi; touch /data/again; sleep 3; echo gone; exit 5",
    ))  # fmt: skip
    assert wait(redis).says("gone")


def test_container_between_two_starts_is_started_now_since_its_cause_may_be_mended(redis, wait):
    redis.run(
        f"--volume={redis.volume}:/data", command=("sh", "-c", "test -e /data/mended && sleep 600"), health=HEALTHY
    )
    redis.wait_for_restarts(6)  # the engine waits longer before each restart, by now long enough for this test
    (redis.data() / "mended").touch()
    assert wait(redis).answer["status"] == "healthy"


def test_container_killed_for_lack_of_memory_is_told(redis, wait):
    redis.run("--memory=16m", "--memory-swap=16m", command=("tail", "/dev/zero"))
    assert wait(redis).says("exit code 137, killed for lack of memory:", "aise redis_memory_mb")


def test_missing_container_is_told(redis, wait):
    assert wait(redis).says(f"The container {redis.name} does not exist.")


def test_wait_that_runs_into_its_limit_shows_what_the_health_check_says(redis, wait):
    redis.run(command=("sh", "-c", "echo working; sleep 600"))
    assert wait(redis, timeout=2).says(
        f"{redis.name} runs, but was not healthy within 2 s (some_timeout_seconds).",
        "Its health check says: not yet",
        "State: running",
        "  working",
    )


def test_paused_container_is_told(redis, wait):
    redis.run(command=("sleep", "600"))
    docker("pause", redis.name)
    assert wait(redis).says(f"{redis.name} is paused.")


def test_damaged_append_only_file_is_named_with_the_command_that_mends_it(redis, wait):
    server = ("redis-server", "--appendonly", "yes")
    redis.run("--user=redis", f"--volume={redis.volume}:/data", command=server, health=PING)
    assert not wait(redis).failed
    commands = "\n".join(f"set key{number} {'v' * 100}" for number in range(200))
    docker("exec", "--interactive", redis.name, "redis-cli", stdin=commands)
    docker("stop", redis.name)
    file = redis.data() / "appendonlydir/appendonly.aof.1.incr.aof"
    content = file.read_bytes()
    file.write_bytes(content[:9000] + b"damage" + content[9006:])
    docker("start", redis.name)
    waited = wait(redis)
    assert waited.says(
        "The append-only file is damaged.",
        "cut off",
        f"docker stop {redis.name} && cp -a {file.parent} {file.parent}.kept",
        "redis-check-aof",
        "--fix /data/appendonlydir/appendonly.aof.manifest",
        "Bad file format reading the append only file appendonly.aof.1.incr.aof",
    )
    (stop, mend) = (line.strip() for line in waited.msg.splitlines() if line.startswith("  docker"))
    subprocess.run(stop, shell=True, check=True)  # noqa: S602
    subprocess.run(mend.replace("-it", "-i"), shell=True, check=True, input=b"y\n")  # noqa: S602
    docker("start", redis.name)
    assert not wait(redis).failed
    assert docker("exec", redis.name, "redis-cli", "get", "key1") == "v" * 100
    assert (file.parent.parent / "appendonlydir.kept" / file.name).read_bytes()[9000:9006] == b"damage"


def test_data_of_redis_that_is_gone_is_no_reason_to_begin_anew(redis, wait):
    redis.run("--user=redis", f"--volume={redis.volume}:/data", command=("redis-server", "--dir", "/data/current"))
    assert wait(redis).says("This server never starts empty by itself", "redis_allow_empty=true")


def test_wrong_setting_of_redis_is_named(redis, wait):
    redis.run("--user=redis", command=("redis-server", "--no-such-setting", "1"))
    assert wait(redis).says("Correct redis_settings in the inventory", "FATAL CONFIG FILE ERROR", "no-such-setting")


def test_data_of_postgres_that_is_gone_is_no_reason_to_begin_anew(postgres, wait):
    postgres.run(
        "--user=postgres", "--volume=/dev/null:/empty:ro", f"--volume={postgres.volume}:{DATA}",
        "--env=POSTGRES_PASSWORD_FILE=/empty",
    )  # fmt: skip
    assert wait(postgres).says("This server never starts empty by itself", "postgres_allow_empty=true")


@pytest.fixture
def stopped(postgres, wait):
    """Return a container of PostgreSQL with a database, stopped."""
    postgres.run("--user=postgres", f"--volume={postgres.volume}:{DATA}", TRUST, FAST, health=READY)
    assert not wait(postgres).failed
    docker("stop", postgres.name)
    return postgres


def test_data_of_another_owner_is_named(stopped, wait):
    subprocess.run(["chown", "-R", "4711:4711", stopped.data()], check=True)
    docker("start", stopped.name)
    assert wait(stopped).says("The server's user (postgres of ", f"ls -lan {stopped.data()}", "4711", "deploy again")


def test_data_folder_of_another_owner_is_named(stopped, wait):
    subprocess.run(["chown", "4711:4711", stopped.data()], check=True)
    subprocess.run(["chmod", "777", stopped.data()], check=True)
    docker("start", stopped.name)
    assert wait(stopped).says("The server's user (postgres of ", "has wrong ownership")


def test_data_of_another_version_is_named(stopped, wait):
    (stopped.data() / "PG_VERSION").write_text("15\n")
    docker("start", stopped.name)
    assert wait(stopped).says(
        f"The data in {stopped.data()} was written by another version than {stopped.image} has",
        "initialized by PostgreSQL version 15",
    )


def test_lost_files_are_named_and_no_new_database_is_made(stopped, wait):
    (stopped.data() / "global/pg_control").unlink()
    docker("start", stopped.name)
    assert wait(stopped).says("Files are missing in", "restore a backup")


def test_wrong_setting_of_postgres_is_named(stopped, wait):
    with (stopped.data() / "postgresql.conf").open("a") as stream:
        stream.write("no_such_setting = 1\n")
    docker("start", stopped.name)
    assert wait(stopped).says("Correct postgres_settings in the inventory", "no_such_setting")


def test_full_disk_is_named(postgres, wait):
    small = ("--opt=type=tmpfs", "--opt=device=tmpfs", "--opt=o=size=20m,mode=0777")
    docker("volume", "create", "--driver=local", *small, postgres.volume)
    postgres.run("--user=postgres", f"--volume={postgres.volume}:{DATA}", TRUST, FAST)
    assert wait(postgres).says("The disk is full.", f"df -h {postgres.data()}", "No space left on device")


def test_port_of_another_is_named(redis, postgres, wait):
    # A container whose port is mapped already holds it. The engine refuses the second one, with the same words as in
    # the role.
    docker("network", "create", f"{redis.name}-network")
    published = (f"--network={redis.name}-network", "--publish=127.0.0.1:64321:6379")
    redis.create(*published, command=("sleep", "600"))
    docker("start", redis.name)
    postgres.create(*published, command=("sleep", "600"))
    refused = docker("start", postgres.name, check=False)
    assert wait(postgres, failure=refused).says(
        f"{postgres.name} was not started. Something else holds the port", "postgres_port", "64321"
    )


def test_missing_folder_of_a_mount_is_named(redis, wait):
    refused = redis.create("--mount=type=bind,source=/nowhere/at/all,target=/data", check=False)
    assert wait(redis, failure=refused).says("/nowhere/at/all is mounted into the container, and is missing")


def test_restart_waits_for_the_new_start(redis, wait):
    redis.run(command=("sleep", "600"), health=HEALTHY)
    assert not wait(redis).answer["changed"]
    started = docker("inspect", "--format={{.State.StartedAt}}", redis.name)
    answer = wait(redis, restart=True).answer
    assert (answer["changed"], answer["status"]) == (True, "healthy")
    assert docker("inspect", "--format={{.State.StartedAt}}", redis.name) != started
