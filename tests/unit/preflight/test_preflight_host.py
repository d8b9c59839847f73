"""The host is read as it is."""

from __future__ import annotations

import shutil
import socket

import pytest
from ansible.module_utils import preflight_host as host
from ansible.module_utils import preflight_ports as ports


@pytest.mark.parametrize(
    ("packed", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("00000000", "0.0.0.0"),
        ("00000000000000000000000001000000", "::1"),
        ("0000000000000000FFFF00000100007F", "127.0.0.1"),
    ],
)
def test_address_of_the_kernel_table_is_unpacked(packed, address):
    assert ports.unpack_address(packed) == address


@pytest.mark.parametrize(
    ("one", "other", "collide"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "0.0.0.0", True),
        ("::", "10.0.0.1", True),
        ("127.0.0.1", "10.0.0.1", False),
    ],
)
def test_listeners_collide_on_the_same_or_any_address(one, other, collide):
    assert ports.overlap(one, other) is collide


@pytest.mark.parametrize(("address", "has"), [("127.0.0.1", True), ("0.0.0.0", True), ("192.0.2.1", False)])
def test_address_of_the_host_is_told_from_others(address, has):
    assert host.has_address(address) is has


def test_process_that_holds_a_port_is_named():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        holder = ports.port_holder("127.0.0.1", listener.getsockname()[1], "jarvis-postgres")
    assert holder.startswith(("python", "pytest"))
    assert "(pid " in holder


def test_free_port_is_free():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert ports.port_holder("127.0.0.1", port, "jarvis-postgres") is None


def test_space_is_measured_where_the_folder_would_be(tmp_path):
    folder = str(tmp_path / "not" / "there" / "yet")
    assert host.disk_free_mb(folder) > 0
    assert host.disk_size_mb(folder) == shutil.disk_usage(tmp_path).total // 2**20


@pytest.mark.parametrize("text", ["[]", "{broken", '"text"'])
def test_settings_that_are_no_object_are_refused(tmp_path, monkeypatch, text):
    path = tmp_path / "daemon.json"
    path.write_text(text)
    monkeypatch.setattr(ports, "ENGINE_SETTINGS", str(path))
    with pytest.raises(ValueError, match=r".+"):
        ports.engine_settings()
