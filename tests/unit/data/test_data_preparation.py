"""No server is stopped for a move that is impossible, and no data is moved while a process works on it."""

from __future__ import annotations

import subprocess
from collections import namedtuple

import pytest
from ansible.module_utils import data_changes, data_observation, data_preparation, data_trial
from ansible.module_utils.data_files import Content
from ansible.module_utils.data_observation import Observed, Server

Usage = namedtuple("Usage", ["total", "used", "free"])


@pytest.fixture
def server(monkeypatch, tmp_path):
    """Return a server whose data folder is on another file system than its old volume."""
    monkeypatch.setattr(data_observation, "ROOT", "/dev/shm/jarvis-unit-test")
    return Server(
        name="postgres",
        kind="postgres",
        container="jarvis-postgres",
        image="image:1",
        user="postgres",
        volume="jarvis_postgres_data",
        client_variable="URL",
        allow_empty=False,
        first_start_file=None,
        socket_folder="/var/lib/jarvis/postgres/run",
        client_socket_folder="/var/lib/jarvis/sockets/postgres",
    )


@pytest.fixture
def volume(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 2**21)
    return str(tmp_path)


def test_move_without_room_is_refused_before_anything_is_stopped_and_in_a_preview(monkeypatch, server, volume):
    monkeypatch.setattr(data_changes.shutil, "disk_usage", lambda _path: Usage(2**21, 2**20, 2**20))
    monkeypatch.setattr(data_preparation, "image_user", lambda _server: (70, 70))
    monkeypatch.setattr(data_changes, "stop", lambda _server: pytest.fail("the server was stopped"))
    found = Observed(
        Content("absent"), None, True, [], volume, Content("data", "7"), None, False, {}, {}, True, None, None
    )
    for check_mode in (True, False):
        with pytest.raises(data_changes.ChangeError, match="has 1 MiB free, and the data in .* takes 2 MiB"):
            list(data_preparation.prepare(server, found, "move", check_mode))


def test_process_on_the_volume_of_a_stopped_container_is_named(volume):
    data_changes.refuse_workers(volume)
    worker = subprocess.Popen(["sleep", "60"], cwd=volume)
    try:
        with pytest.raises(data_changes.ChangeError, match=rf"sleep \(pid {worker.pid}\) works in {volume}"):
            data_changes.refuse_workers(volume)
    finally:
        worker.kill()
        worker.wait()


def test_trial_after_a_move_has_the_new_place_of_the_data(server):
    mounts = [
        {"Type": "volume", "Name": "jarvis_postgres_data", "Source": "/volumes/data", "Destination": "/data"},
        {"Type": "volume", "Name": "jarvis_postgres_run", "Source": "/volumes/run", "Destination": "/run/postgresql"},
        {"Type": "bind", "Source": "/etc/jarvis/postgres", "Destination": "/etc/postgresql"},
        {"Type": "bind", "Source": "/var/lib/jarvis/postgres/run", "Destination": "/var/run/postgresql"},
        {"Type": "bind", "Source": "/var/lib/jarvis/sockets/postgres", "Destination": "/run/jarvis"},
    ]
    assert [(source, mount["Destination"]) for source, mount in data_trial.mounts_of(server, {"Mounts": mounts})] == [
        ("/dev/shm/jarvis-unit-test/postgres/data", "/data"),
        ("/etc/jarvis/postgres", "/etc/postgresql"),
    ]
    # The trial has sockets as well, without which it would not start, and they are its own.
    assert list(data_trial.socket_targets(server, {"Mounts": mounts})) == ["/var/run/postgresql", "/run/jarvis"]


@pytest.mark.parametrize(("state", "users"), [("exited", {}), ("running", {"jarvis-postgres-trial": "/old"})])
def test_trial_that_was_cut_off_is_ours_unless_it_runs(monkeypatch, server, state, users):
    trial = {
        "Names": ["/jarvis-postgres-trial"],
        "Labels": {},
        "State": state,
        "Mounts": [{"RW": True, "Source": "/dev/shm/jarvis-unit-test/postgres/data"}],
    }
    monkeypatch.setattr(data_observation.engine, "get", lambda _path: [trial])
    found = data_observation.users_of(server, None)
    assert list(found) == list(users)
