"""The container of Redis is what the design promises."""

from __future__ import annotations

import json
from urllib.parse import unquote, urlsplit

NAME = "jarvis-redis"


def test_is_running_and_healthy(container):
    state = container(NAME)["State"]
    assert state["Status"] == "running", f"{NAME} is {state['Status']}"
    assert "Health" in state, f"{NAME} has no health check. A deployment makes the container anew."
    assert state["Health"]["Status"] == "healthy", f"{NAME} is {state['Health']['Status']}"


def test_health_check_goes_on(seconds_unwatched):
    silent = seconds_unwatched(NAME)
    assert silent <= 60, (
        f"{NAME} was last looked at {silent:.0f} s ago: the engine has ceased to, as old ones do when they restart. A "
        "deployment lets it go on."
    )


def test_comes_back_after_a_reboot(container):
    assert container(NAME)["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"


def test_data_is_a_folder_of_the_host_that_no_engine_removes(container):
    mounts = {mount["Destination"]: (mount["Type"], mount["Source"]) for mount in container(NAME)["Mounts"]}
    assert mounts.get("/data") == ("bind", "/var/lib/jarvis/redis/data")
    assert mounts.get("/run/jarvis") == ("bind", "/var/lib/jarvis/sockets/redis")
    assert "volume" not in {kind for kind, _ in mounts.values()}


def test_server_writes_into_the_data_folder_that_was_recorded(host, container):
    seen = f"/proc/{container(NAME)['State']['Pid']}/root/data/db/appendonlydir"
    inodes = host.check_output(f"stat -c %i {seen} /var/lib/jarvis/redis/data/db/appendonlydir")
    assert len(set(inodes.split())) == 1
    recorded = json.loads(host.check_output("cat /etc/jarvis/state/redis.json"))
    identity = host.check_output("cat /var/lib/jarvis/redis/data/db/identity")
    assert recorded == {"identity": identity, "append_only": True}


def test_runs_unprivileged(container):
    inspected = container(NAME)
    limits = inspected["HostConfig"]
    assert inspected["Config"]["User"] == "redis"
    assert limits["CapDrop"] == ["ALL"]
    assert not limits["CapAdd"]
    assert limits["SecurityOpt"] == ["no-new-privileges:true"]
    assert limits["ReadonlyRootfs"] is True
    assert limits["Privileged"] is False


def test_kernel_grants_it_nothing(privileges):
    found = privileges(NAME)
    assert "0" not in found["Uid"]
    assert "0" not in found["Gid"]
    assert {found[key][0] for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0000000000000000"}
    assert found["NoNewPrivs"] == ["1"]
    assert found["Seccomp"] == ["2"]


def test_has_limits_and_rotated_logs(container):
    limits = container(NAME)["HostConfig"]
    assert limits["Memory"] > 0
    assert limits["PidsLimit"] == 128
    assert limits["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "5", "max-size": "10m"}}


def test_has_time_for_a_clean_shutdown(container):
    assert container(NAME)["Config"]["StopTimeout"] == 60


def test_environment_holds_no_password(container, settings):
    password = unquote(urlsplit(settings["REDIS_URL"]).password)
    config = container(NAME)["Config"]
    words = [*(config["Env"] or []), *(config["Cmd"] or []), *config["Labels"].values()]
    assert not any(password in word for word in words), "a password is in the environment, command or labels"
