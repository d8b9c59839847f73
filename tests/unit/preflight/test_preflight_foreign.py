"""Things of others that have our names are reported by name, and left alone."""

from __future__ import annotations

import pytest
from ansible.module_utils import preflight_foreign as foreign


def container(*mounts):
    return {"Name": "/jarvis-redis", "Config": {"Image": "redis:6"}, "Mounts": list(mounts)}


@pytest.mark.parametrize(
    "mount",
    [
        {"Source": "/var/lib/jarvis/redis/data"},
        {"Source": "/etc/jarvis/redis"},
        {"Name": "jarvis_redis_data", "Source": "/var/lib/docker/volumes/jarvis_redis_data/_data"},
    ],
)
def test_container_of_this_or_an_earlier_release_is_ours(mount):
    assert list(foreign.container_problem(container({"Source": "/elsewhere"}, mount))) == []


@pytest.mark.parametrize("mounts", [[], [{"Source": "/srv/redis"}], [{"Name": "shop_redis", "Source": "/x"}]])
def test_container_of_somebody_else_is_named_with_its_image(mounts):
    (problem,) = foreign.container_problem(container(*mounts))
    assert problem.startswith("A container named jarvis-redis is here that is not ours (image redis:6).")
    assert "docker rename jarvis-redis NAME" in problem


def test_network_of_ours_has_its_bridge():
    network = {"Name": "jarvis", "Options": {"com.docker.network.bridge.name": "jarvis"}}
    assert list(foreign.network_problem(network)) == []


@pytest.mark.parametrize("options", [None, {}, {"com.docker.network.bridge.name": "br-shop"}])
def test_network_of_somebody_else_is_named_with_its_containers(options):
    network = {"Name": "jarvis", "Options": options, "Containers": {"1": {"Name": "shop-2"}, "2": {"Name": "shop-1"}}}
    (problem,) = foreign.network_problem(network)
    assert problem.startswith("A network named jarvis is here that is not ours; its containers: shop-1, shop-2.")


def test_folder_of_ours_may_lack_much_and_hold_more(tmp_path):
    assert list(foreign.folder_problem(str(tmp_path / "none"))) == []
    assert list(foreign.folder_problem(str(tmp_path))) == []
    for name in ("secrets", "notes.txt"):
        (tmp_path / name).mkdir()
    assert list(foreign.folder_problem(str(tmp_path))) == []


def test_folder_of_somebody_else_is_named(tmp_path):
    (tmp_path / "jarvis.conf").write_text("")
    (problem,) = foreign.folder_problem(str(tmp_path))
    assert problem.startswith(f"{tmp_path} holds somebody else's files (jarvis.conf)")


def test_what_stands_in_the_place_of_a_file_or_its_folder_is_named(tmp_path):
    (tmp_path / "daemon.json").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("/nowhere")
    (tmp_path / "jarvis.env").touch()
    names = ("daemon.json", "jarvis.env", "none/redis.conf", "file/a.conf", "link/b.conf")
    assert list(foreign.file_problems([f"{tmp_path}/{name}" for name in names])) == [
        f"{tmp_path}/daemon.json is a folder, and a file has to be there. Move it elsewhere.",
        f"{tmp_path}/file is no folder, and files have to be in it. Move it elsewhere.",
        f"{tmp_path}/link is no folder, and files have to be in it. Move it elsewhere.",
    ]
