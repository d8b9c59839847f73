"""A server with the rights of earlier releases loses nothing more, and files with what it has lost already are kept."""

from __future__ import annotations

import subprocess

import pytest
from image_containers import docker
from redis_servers import OLD_DEFAULT

TRANSACTION = "MULTI\nSET {0}:1 1\nSET {0}:2 1\nEXEC\n"
MARK = "loading-rights-unfinished"
MARKED = f"ACL SETUSER {MARK} off"
RIGHTS = "ACL SETUSER default off resetpass resetchannels ~* &* +@all"


@pytest.fixture
def give_rights(run_module, tmp_path):
    """Return a function that runs the module for a server."""
    (tmp_path / "previous").write_text("operations\nolder\n")
    files = [str(tmp_path / "absent"), str(tmp_path / "previous")]

    def run(server, **arguments):
        return run_module("redis_loading_rights", server, password_files=files, **arguments)

    return run


@pytest.fixture
def old_server(new_server):
    """Return a server with the rights of earlier releases that was restarted, and so has lost a transaction."""
    server = new_server(OLD_DEFAULT).create()
    server.tell(TRANSACTION.format("lost"))
    docker("restart", server.name)
    server.wait().tell(TRANSACTION.format("later"))
    assert server.ask("EXISTS", "lost:1", "lost:2", "later:1", "later:2") == "2"
    return server


def folders(server):
    return server.sh("cd /data/db && ls -d append-only-copy* 2>/dev/null || true").split()


def keys_in_copy(server, folder):
    """Return the keys that another server finds in a copy of a folder."""
    copy = f"cp -r /data/db/{folder} /tmp/appendonlydir; cd /tmp"
    start = "redis-server --appendonly yes --port 7777 --daemonize yes >/dev/null"
    server.sh(f"{copy}; {start}; until redis-cli -e -p 7777 ping >/dev/null 2>&1; do sleep 0.1; done")
    return sorted(server.sh("redis-cli -p 7777 --scan").split())


def test_rights_are_given_live_and_what_memory_lacks_is_kept_before_the_file_is_written_anew(old_server, give_rights):
    wait_for_message = ["docker", "exec", old_server.name, "redis-cli", "--user", "jarvis", "--pass", "application"]
    client = subprocess.Popen([*wait_for_message, "BLPOP", "awaited", "300"], stdout=subprocess.PIPE, text=True)
    result = give_rights(old_server)
    path = docker("volume", "inspect", "--format", "{{.Mountpoint}}", old_server.data)
    assert (result["changed"], result["lost"]) == (True, [f"{path}/db/append-only-copy-of-more-1"])
    assert "user default off ~* &* +@all" in old_server.ask("ACL", "LIST")
    assert MARK not in old_server.ask("ACL", "LIST")
    # Nobody lost a connection.
    old_server.tell("RPUSH awaited message\n")
    assert client.communicate(timeout=60)[0].split() == ["awaited", "message"]
    assert keys_in_copy(old_server, "append-only-copy-of-more-1") == ["later:1", "later:2", "lost:1", "lost:2"]
    # The file holds the content of the memory, so even a start with the old rights loads it.
    docker("restart", old_server.name)
    assert sorted(old_server.wait().ask("--scan").split()) == ["later:1", "later:2"]
    assert "CRITICAL" not in old_server.logs().rsplit("Redis is starting", 1)[1]


@pytest.mark.parametrize("library", ["newest"], indirect=True)
def test_second_run_changes_nothing(old_server, give_rights):
    lost = give_rights(old_server)["lost"]
    state = (folders(old_server), old_server.ask("ACL", "LIST"), old_server.sh("ls /data/db/appendonlydir"))
    again = give_rights(old_server)
    assert again["changed"] is False
    assert (folders(old_server), old_server.ask("ACL", "LIST"), old_server.sh("ls /data/db/appendonlydir")) == state
    # This is said in every run until somebody has removed the copy, because an earlier run may have ended before saying
    # it.
    assert len(lost) == 1
    assert again["lost"] == again["copies"] == lost
    old_server.sh("rm -r /data/db/append-only-copy-of-more-1")
    assert give_rights(old_server)["copies"] == []


@pytest.mark.parametrize("library", ["newest"], indirect=True)
def test_copy_of_a_server_that_lost_nothing_says_so(new_server, give_rights):
    server = new_server(OLD_DEFAULT).create()
    server.tell(TRANSACTION.format("kept"))
    result = give_rights(server)
    assert (len(result["copies"]), result["lost"]) == (1, [])
    assert keys_in_copy(server, "append-only-copy-1") == ["kept:1", "kept:2"]


@pytest.mark.parametrize("library", ["debian12"], indirect=True)
@pytest.mark.parametrize(
    "steps",
    [
        [MARKED],
        [MARKED, RIGHTS],
        [MARKED, RIGHTS, "mkdir /data/db/append-only-copy-of-more-1.unfinished"],
        [MARKED, RIGHTS, "cp -r /data/db/appendonlydir /data/db/append-only-copy-of-more-1"],
        [MARKED, RIGHTS, "cp -r /data/db/appendonlydir /data/db/append-only-copy-of-more-1", "BGREWRITEAOF"],
    ],
    ids=["marked", "rights", "half a copy", "copy", "rewrite begun"],
)
def test_interrupted_run_is_completed_by_the_next(old_server, give_rights, steps):
    for step in steps:
        if step.startswith(("mkdir", "cp")):
            old_server.sh(step)
        else:
            old_server.ask(*step.split())
    result = give_rights(old_server)
    assert result["changed"] is True
    assert [path.rsplit("/", 1)[1] for path in result["lost"]] == ["append-only-copy-of-more-1"]
    assert MARK not in old_server.ask("ACL", "LIST")
    assert not [name for name in folders(old_server) if "unfinished" in name]
    assert keys_in_copy(old_server, "append-only-copy-of-more-1") == ["later:1", "later:2", "lost:1", "lost:2"]
    assert "appendonly.aof.1." not in old_server.sh("cat /data/db/appendonlydir/*.manifest")
    assert give_rights(old_server)["changed"] is False


@pytest.mark.parametrize("library", ["newest"], indirect=True)
def test_preview_says_so_and_changes_nothing(old_server, give_rights):
    before = (old_server.ask("ACL", "LIST"), old_server.sh("ls /data/db /data/db/appendonlydir"))
    assert give_rights(old_server, _ansible_check_mode=True)["changed"] is True
    assert (old_server.ask("ACL", "LIST"), old_server.sh("ls /data/db /data/db/appendonlydir")) == before


@pytest.mark.parametrize("library", ["newest"], indirect=True)
@pytest.mark.parametrize("state", ["has its rights", "is stopped", "admits nobody", "is not there"])
def test_server_that_needs_or_allows_nothing_is_left_alone(new_server, give_rights, state):
    server = new_server()
    if state == "is not there":
        assert give_rights(server)["changed"] is False
        return
    server.create()
    if state == "is stopped":
        docker("stop", server.name)
    elif state == "admits nobody":
        server.ask("ACL", "SETUSER", "admin", "resetpass", ">another")
    result = give_rights(server)
    assert result["changed"] is False
    assert not result.get("failed")
    if state == "has its rights":
        assert folders(server) == []
