"""Everything that was acknowledged to a client is there again after every kind of restart."""

from __future__ import annotations

import pytest
from image_containers import docker

WRITTEN = """\
SET plain 1
MULTI
SET transaction:1 1
SET transaction:2 1
EXEC
EVAL "redis.call('SET', 'script:1', 1) redis.call('SET', 'script:2', 1)" 0
FUNCTION LOAD "#!lua name=jobs \\n redis.register_function('add', function(keys) for _, key in ipairs(keys) do redis.call('SET', key, 1) end end)"
FCALL add 2 function:1 function:2
RPUSH waiting job:1 job:2
BLMOVE waiting active LEFT RIGHT 1
BLPOP waiting 1
EVAL "return redis.call('RPOPLPUSH', 'active', 'done') and redis.call('INCR', 'finished')" 0
XADD stream 1-1 field value
XADD stream 2-1 field value
XGROUP CREATE stream group 0
XREADGROUP GROUP group consumer COUNT 1 STREAMS stream >
MULTI
XACK stream group 1-1
XADD stream 3-1 field value
EXEC
SELECT 3
MULTI
SET other-database:1 1
SET other-database:2 1
EXEC
"""  # noqa: E501
FOUND = {
    "EXISTS plain": "1",
    "EXISTS transaction:1 transaction:2": "2",
    "EXISTS script:1 script:2": "2",
    "EXISTS function:1 function:2": "2",
    "FUNCTION LIST LIBRARYNAME jobs": "library_name jobs",
    "LLEN waiting": "0",
    "LLEN active": "0",
    "LRANGE done 0 -1": "job:1",
    "GET finished": "1",
    "XLEN stream": "3",
    "XPENDING stream group": "0",
    "-n 3 EXISTS other-database:1 other-database:2": "2",
}


def restart(server):
    docker("restart", server.name)
    return server.wait()


def kill(server):
    # Writes that were acknowledged a second ago are on the disk.
    server.wait_until(lambda: "aof_pending_bio_fsync:0" in server.ask("INFO", "persistence"), "written")
    return server.kill().start().wait()


def recreate(server):
    docker("rm", "--force", server.name)
    return server.create()


def restore_a_copy(server):
    """Start another server on a copy of the data folder, which was made while the server ran."""
    other = type(server)(server.image, server.settings)
    other.name, other.data = f"{server.name}-restored", f"{server.data}-restored"
    mounts = (f"--volume={server.data}:/from:ro", f"--volume={other.data}:/to")
    docker("run", "--rm", "--network=none", *mounts, server.image, "cp", "--archive", "/from/.", "/to/")
    return other.create()


def rewrite_and_restart(server):
    server.ask("BGREWRITEAOF")
    server.wait_until(lambda: "aof_rewrite_in_progress:0" in server.ask("INFO", "persistence"), "rewritten")
    return restart(server)


@pytest.mark.parametrize("way", [restart, kill, recreate, restore_a_copy, rewrite_and_restart])
def test_everything_that_was_acknowledged_comes_back(new_server, way):
    server = new_server().create()
    answers = server.tell(WRITTEN)
    assert not [answer for answer in answers if "ERR" in answer or "NOPERM" in answer]
    back = way(server)
    try:
        found = dict(zip(FOUND, back.ask_all(FOUND), strict=True))
        log = back.logs()
    finally:
        if back is not server:
            back.remove()
    assert found == FOUND
    assert not [line for line in log.splitlines() if "CRITICAL" in line or "NOPERM" in line]


def test_data_is_kept_in_the_append_only_file_alone(new_server):
    server = new_server().create()
    assert server.ask_all([f"CONFIG GET {name}" for name in ("appendonly", "save", "dir")]) == [
        "appendonly yes",
        "save",
        "dir /data/db",
    ]


def test_default_has_the_right_to_load_and_nobody_comes_in_as_it(new_server):
    server = new_server().create()
    for login in ((), ("--user", "default", "--pass", ""), ("--user", "default", "--pass", "x")):
        answer = docker("exec", server.name, "redis-cli", "--no-auth-warning", *login, "GET", "x")
        assert "NOAUTH Authentication required." in answer
    assert "WRONGPASS" in docker("exec", server.name, "redis-cli", "AUTH", "default", "x")
