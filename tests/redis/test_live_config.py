"""A running server takes settings and users, whatever release of the Python library the host has."""

from __future__ import annotations

from hashlib import sha256

import pytest
from image_containers import docker


@pytest.fixture
def server(new_server):
    return new_server().create()


@pytest.fixture
def bring(run_module, server):
    """Return a function that runs the module; further arguments are added to ours."""

    def run(**arguments):
        ours = {"password": "operations", "settings": {}, "users_file": str(server.settings / "users.acl")}
        return run_module("redis_live_config", server, **{**ours, **arguments})

    return run


def replace_password(server, old, new):
    file = server.settings / "users.acl"
    file.write_text(file.read_text().replace(sha256(old.encode()).hexdigest(), sha256(new.encode()).hexdigest()))


def test_new_password_is_brought_with_the_one_before(server, bring):
    started = server.state("StartedAt")
    replace_password(server, "operations", "new")
    result = bring(password="new", previous_passwords=["older", "operations"])
    assert (result["changed"], result["users_loaded"], result["restart"]) == (True, True, [])
    assert "WRONGPASS" in docker("exec", server.name, "redis-cli", "AUTH", "admin", "operations")
    assert docker("exec", server.name, "redis-cli", "AUTH", "admin", "new") == "OK"
    assert server.state("StartedAt") == started
    assert bring(password="new", previous_passwords=["older", "operations"])["changed"] is False


def test_server_that_admits_none_of_the_passwords_has_to_start_anew(bring):
    result = bring(password="new", previous_passwords=["older"])
    assert (result["changed"], result["version"], result["restart"]) == (False, "", ["users"])


def test_setting_is_set_named_or_left_for_a_start(server, bring):
    result = bring(settings={"maxmemory": "32mb", "tcp-keepalive": 60, "dir": "/run", "databases": 17})
    assert (result["changed_settings"], result["restart"]) == (["maxmemory"], ["dir", "databases"])
    assert server.ask("CONFIG", "GET", "maxmemory").split() == ["maxmemory", "33554432"]


def test_setting_that_nobody_gives_any_more_goes_back_to_what_a_start_gives_it(server, bring):
    configuration = (server.settings / "redis.conf").read_text()
    result = bring(configuration=configuration)
    assert (result.get("msg"), result.get("changed_settings")) == (None, [])
    given = {"hz": 50, "notify-keyspace-events": "Ex", "maxmemory-policy": "allkeys-lru"}
    bring(settings=given)
    # As if the inventory had kept one of them.
    kept = {"configuration": f"{configuration}maxmemory-policy allkeys-lru\n", "settings": {"databases": 17}}
    preview = bring(**kept, _ansible_check_mode=True)
    result = bring(**kept)
    assert preview["changed_settings"] == result["changed_settings"] == ["hz", "notify-keyspace-events"]
    assert preview["restart"] == result["restart"] == ["databases"]
    for name, value in {"hz": "10", "notify-keyspace-events": "", "maxmemory-policy": "allkeys-lru"}.items():
        assert server.ask("CONFIG", "GET", name).split() == [name, *value.split()]
    assert bring(**{**kept, "settings": {}})["changed"] is False


@pytest.mark.parametrize("library", ["newest"], indirect=True)
def test_setting_that_only_a_start_can_take_back_stays_until_then(new_server, run_module):
    server = new_server()
    file = server.settings / "redis.conf"
    configuration = file.read_text()
    file.write_text(f"{configuration}databases 17\n")
    server.create()
    given = {"password": "operations", "settings": {}, "users_file": str(server.settings / "users.acl")}
    result = run_module("redis_live_config", server, **given, configuration=configuration)
    assert (result["changed_settings"], result["restart"]) == ([], [])


def test_socket_that_is_gone_needs_a_start(tmp_path, bring):
    assert bring(socket_file=str(tmp_path / "redis.sock"))["restart"] == ["socket"]
    (tmp_path / "redis.sock").touch()
    assert bring(socket_file=str(tmp_path / "redis.sock"))["restart"] == []


@pytest.mark.parametrize("library", ["newest"], indirect=True)
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"no-such-setting": 1}, "Redis does not know the setting 'no-such-setting'. Correct redis_settings."),
        (
            {"appenddirname": "other"},
            "appenddirname is appendonlydir, and with other the next start would find no data.",
        ),
        ({"maxmemory-policy": "some"}, "Redis refuses maxmemory-policy = 'some':"),
    ],
)
def test_setting_that_the_server_refuses_is_named(bring, settings, message):
    result = bring(settings=settings)
    assert result["failed"] is True
    assert message in result["msg"]


@pytest.mark.parametrize("library", ["newest"], indirect=True)
def test_server_is_asked_through_its_container_alone(server, bring):
    assert docker("port", server.name) == ""
    assert bring()["version"].startswith("7.")


@pytest.mark.parametrize("library", ["newest"], indirect=True)
def test_container_that_does_not_run_is_named(server, bring):
    docker("stop", server.name)
    result = bring()
    assert result["failed"] is True
    assert result["msg"] == f"{server.name} does not run, so it cannot be told of its settings. Deploy again"
