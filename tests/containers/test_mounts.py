"""A container that still uses a removed folder is recognised, and no folder is taken for another one."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils import container_mounts
from waiting_containers import HEALTHY, docker


@pytest.fixture
def folder(tmp_path):
    """Return a folder of the host."""
    path = tmp_path / "folder"
    path.mkdir()
    return path


@pytest.fixture
def mounting(redis, folder):
    """Return a function that returns a container's stale mounts. The path of one mount contains a link of the image."""
    binds = (f"--volume={folder}:/etc/redis:ro", f"--volume={folder}:/var/run/secrets")
    redis.run(*binds, command=("sleep", "600"), health=HEALTHY)

    def stale():
        (container,) = json.loads(docker("inspect", redis.name))
        return container_mounts.stale_mounts(container)

    stale.container = redis
    return stale


def test_folder_that_stays_and_whose_files_change_is_not_stale(mounting, folder):
    (folder / "file").touch()
    assert mounting() == []


@pytest.mark.parametrize("afterwards", ["missing", "made again", "moved away and made again", "a file"])
def test_folder_that_was_removed_is_stale_until_the_container_is_started_anew(mounting, folder, afterwards):
    if afterwards == "moved away and made again":
        folder.rename(folder.with_name("away"))
    else:
        folder.rmdir()
    if afterwards == "a file":
        folder.touch()
    elif afterwards != "missing":
        folder.mkdir()
    assert mounting() == [str(folder), str(folder)]
    if afterwards == "made again":
        docker("restart", "--time=0", mounting.container.name)
        assert mounting() == []
