"""The container of PostgreSQL is what the design promises."""

from __future__ import annotations

import json
from urllib.parse import unquote, urlsplit

from questions import superuser

NAME = "jarvis-postgres"

data = superuser("SELECT current_setting('data_directory'), system_identifier::text FROM pg_control_system()")
memory = superuser(
    "SELECT (1024 * w.setting::bigint * m.setting::float * (1 + p.setting::int))::bigint, 8192 * b.setting::bigint"
    " FROM pg_settings AS w, pg_settings AS m, pg_settings AS p, pg_settings AS b"
    " WHERE w.name = 'work_mem' AND m.name = 'hash_mem_multiplier' AND b.name = 'shared_buffers'"
    " AND p.name = 'max_parallel_workers_per_gather'"
)


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
    assert mounts.get("/var/lib/postgresql/data") == ("bind", "/var/lib/jarvis/postgres/data")
    assert mounts.get("/var/run/postgresql") == ("bind", "/var/lib/jarvis/postgres/run")
    assert mounts.get("/run/jarvis") == ("bind", "/var/lib/jarvis/sockets/postgres")


def test_server_writes_into_the_data_folder_that_was_recorded(host, container, data):
    ((directory, identity),) = data
    assert directory == "/var/lib/postgresql/data"
    # The same file, seen from the host and by the server.
    seen = f"/proc/{container(NAME)['State']['Pid']}/root{directory}"
    inodes = host.check_output(f"stat -c %i {seen}/global/pg_control /var/lib/jarvis/postgres/data/global/pg_control")
    assert len(set(inodes.split())) == 1
    assert json.loads(host.check_output("cat /etc/jarvis/state/postgres.json"))["identity"] == identity


def test_server_begins_no_empty_database_by_itself(host, container):
    assert "POSTGRES_PASSWORD_FILE=/run/secrets/postgres/initdb_password" in container(NAME)["Config"]["Env"]
    assert host.check_output("stat -c %s /etc/jarvis/secrets/postgres/initdb_password") == "0"


def test_has_no_volume(container):
    assert [mount for mount in container(NAME)["Mounts"] if mount["Type"] == "volume"] == []


def test_runs_unprivileged(container):
    inspected = container(NAME)
    limits = inspected["HostConfig"]
    assert inspected["Config"]["User"] == "postgres"
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
    assert limits["PidsLimit"] == 512
    assert limits["LogConfig"] == {"Type": "json-file", "Config": {"max-file": "5", "max-size": "10m"}}


def test_has_time_for_a_clean_shutdown(container):
    assert container(NAME)["Config"]["StopTimeout"] == 120


def test_processes_of_a_parallel_hash_join_have_room_for_their_table(memory, container):
    ((table, buffers),) = memory
    limits = container(NAME)["HostConfig"]
    # A table that is larger than the container has memory for fails in any case.
    room = limits["Memory"] - buffers - limits["Memory"] // 8 - 2**20
    assert limits["ShmSize"] >= min(table, room)


def test_settings_come_from_the_host_read_only(container):
    mounts = {mount["Destination"]: mount for mount in container(NAME)["Mounts"]}
    assert mounts["/etc/postgresql"]["Source"] == "/etc/jarvis/postgres"
    assert mounts["/etc/postgresql"]["RW"] is False


def test_environment_holds_no_password(container, settings):
    password = unquote(urlsplit(settings["DATABASE_URL"]).password)
    config = container(NAME)["Config"]
    words = [*(config["Env"] or []), *(config["Cmd"] or []), *config["Labels"].values()]
    assert not any(password in word for word in words), "a password is in the environment, command or labels"
