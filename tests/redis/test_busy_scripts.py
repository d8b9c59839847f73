"""A script that does not end is seen, named, and can be ended."""

from __future__ import annotations

import subprocess

import pytest

FOR_EVER = "while true do end"
WRITES_FOR_EVER = f"redis.call('SET', 'half', 1) {FOR_EVER}"
PROBE = ("redis-cli", "-e", "--no-auth-warning", "--user", "health", "--pass", "none", "ping")
APPLICATION = ("redis-cli", "--no-auth-warning", "--user", "jarvis", "--pass", "application")


@pytest.fixture
def begin(new_server):
    """Return a function that starts a server and a command that holds it up."""

    def start(*command):
        server = new_server().create()
        server.tell("SET acknowledged 1\nFUNCTION LOAD \"#!lua name=lib \\n "
                    "redis.register_function('endless', function() while true do end end)\"\n")  # fmt: skip
        subprocess.Popen(["docker", "exec", server.name, *APPLICATION, *command], stdout=subprocess.DEVNULL)
        server.wait_until(lambda: "Slow script detected" in server.logs(), "held up")
        return server

    return start


def probe(server):
    """Return the exit code and the output of the health check that the role gives the container."""
    done = subprocess.run(["docker", "exec", server.name, *PROBE], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("command", "kill", "name"),
    [
        (("EVAL", FOR_EVER, "0"), "SCRIPT", "694a5fe1ddb97a4c6a1bf299d9537c7d3d0f84e7"),
        (("FCALL", "endless", "0"), "FUNCTION", "endless"),
    ],
    ids=["script", "function"],
)
@pytest.mark.parametrize("library", ["debian12"], indirect=True)
def test_what_runs_is_named_and_ended_as_the_message_says(begin, run_module, command, kill, name):
    server = begin(*command)
    code, output = probe(server)
    assert code != 0
    assert f"BUSY Redis is busy running a script. You can only call {kill} KILL" in output
    arguments = {"password": "operations", "settings": {}, "users_file": str(server.settings / "users.acl")}
    said = run_module("redis_live_config", server, **arguments)["msg"]
    assert "A client's script or function has run for more than five seconds" in said
    assert f"docker exec -e REDISCLI_AUTH {server.name} redis-cli --user admin SCRIPT KILL" in said
    assert f"Script name is: {name}." in said
    assert server.ask(kill, "KILL") == "OK"
    assert probe(server)[0] == 0
    assert "failed" not in run_module("redis_live_config", server, **arguments)


@pytest.mark.parametrize("library", ["ubuntu22", "newest"], indirect=True)
def test_it_is_named_with_other_releases_of_the_library_and_by_the_other_module(begin, run_module, tmp_path):
    server = begin("EVAL", FOR_EVER, "0")
    (tmp_path / "password").write_text("operations")
    said = run_module("redis_loading_rights", server, password_files=[str(tmp_path / "password")])["msg"]
    assert "Script name is: 694a5fe1ddb97a4c6a1bf299d9537c7d3d0f84e7." in said


def test_script_that_has_written_is_ended_with_the_server_and_nothing_acknowledged_is_lost(begin):
    server = begin("EVAL", WRITES_FOR_EVER, "0")
    assert server.ask_all(["SCRIPT KILL"])[0].startswith("UNKILLABLE")
    # The command may fail because the server ends while it answers.
    server.ask("SHUTDOWN", "NOSAVE", check=False)
    server.wait_until(lambda: server.state("Running") == "false", "ended")
    server.start().wait()
    assert server.ask_all(["EXISTS acknowledged", "EXISTS half"]) == ["1", "0"]
