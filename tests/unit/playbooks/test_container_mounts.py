"""The folders that a container has mounted are compared with those that are there now."""

from __future__ import annotations

import os

import pytest
from ansible.module_utils import container_mounts as mounts


def container(source, target, pid=None, kind="bind"):
    """Return a container whose root is this machine's, so that its mounts are other names of this machine's folders."""
    return {
        "State": {"Pid": os.getpid() if pid is None else pid},
        "Mounts": [{"Type": kind, "Source": str(source), "Destination": str(target)}],
    }


def test_folder_that_still_stands_there_is_not_stale(tmp_path):
    assert mounts.stale_mounts(container(tmp_path, tmp_path)) == []


def test_folder_of_the_same_name_is_another_one(tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    assert mounts.stale_mounts(container(tmp_path / "new", tmp_path / "old")) == [str(tmp_path / "new")]


@pytest.mark.parametrize("parent", ["gone", "file"])
def test_folder_that_is_gone_is_stale(tmp_path, parent):
    (tmp_path / "file").touch()
    source = tmp_path / parent / "folder"
    assert mounts.stale_mounts(container(source, tmp_path)) == [str(source)]


def test_container_that_does_not_run_mounts_what_is_there_when_it_starts(tmp_path):
    assert mounts.stale_mounts(container(tmp_path / "gone", tmp_path, pid=0)) == []
    assert mounts.stale_mounts({}) == []


def test_volumes_are_the_engines(tmp_path):
    assert mounts.stale_mounts(container(tmp_path / "gone", tmp_path, kind="volume")) == []


def test_links_of_the_container_are_followed_below_its_root(tmp_path):
    (tmp_path / "run/server").mkdir(parents=True)
    (tmp_path / "var").mkdir()
    (tmp_path / "var/run").symlink_to("/run")
    (tmp_path / "var/relative").symlink_to("../run")
    (tmp_path / "loop").symlink_to("loop")
    root = str(tmp_path)
    assert mounts.inside(root, "/var/run/server") == f"{root}/run/server"
    assert mounts.inside(root, "/var/relative/server") == f"{root}/run/server"
    assert mounts.inside(root, "/../../var/run") == f"{root}/run"
    assert not mounts.is_stale(root, root, "/loop")
