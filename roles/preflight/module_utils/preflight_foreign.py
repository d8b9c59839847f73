"""Find containers, networks, folders and files of others that have our names, because they would be replaced."""

from __future__ import annotations

import contextlib
import os
from pathlib import PurePath

from ansible.module_utils import preflight_ports as ports

# Every container of ours mounts something from one of these, in this release or an earlier one.
OUR_FOLDERS = ("/var/lib/jarvis/", "/etc/jarvis/")
OUR_VOLUMES = ("jarvis_postgres_", "jarvis_redis_")
BRIDGE_OPTION = "com.docker.network.bridge.name"
CONFIGURATION = "/etc/jarvis"
OUR_FILES = {"ca.crt", "jarvis.env", "postgres", "redis", "secrets", "state"}
WRITTEN_FILES = (
    "/etc/apt/apt.conf.d/52jarvis-docker",
    "/etc/docker/daemon.json",
    "/etc/jarvis/ca.crt",
    "/etc/jarvis/jarvis.env",
    "/etc/systemd/system/docker.service.d/jarvis-firewall.conf",
    "/usr/local/sbin/jarvis-firewall",
)


def is_ours(container):
    """Return whether a container, as the engine describes it, is one of ours."""
    mounts = container.get("Mounts") or []
    return any(
        (mount.get("Source") or "").startswith(OUR_FOLDERS) or (mount.get("Name") or "").startswith(OUR_VOLUMES)
        for mount in mounts
    )


def container_problem(container):
    """Yield a problem if a container that has the name of one of ours belongs to somebody else."""
    if not is_ours(container):
        name = container["Name"].lstrip("/")
        yield (
            f"A container named {name} is here that is not ours (image {container['Config']['Image']}). It would be "
            f"replaced. Give it another name (docker rename {name} NAME), or remove it."
        )


def network_problem(network):
    """Yield a problem if a network that has the name of ours belongs to somebody else."""
    if (network.get("Options") or {}).get(BRIDGE_OPTION) != ports.BRIDGE:
        members = ", ".join(sorted(member["Name"] for member in (network.get("Containers") or {}).values()))
        yield (
            f"A network named {ports.NETWORK} is here that is not ours; its containers: {members or 'none'}. It would "
            f"be replaced. Give it another name, or remove it (docker network rm {ports.NETWORK})."
        )


def folder_problem(path=CONFIGURATION):
    """Yield a problem if a folder that has the name of ours holds files of somebody else."""
    found = []
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        found = sorted(os.listdir(path))
    if found and not OUR_FILES & set(found):
        yield (
            f"{path} holds somebody else's files ({', '.join(found[:5])}), and would get another owner and mode. Move "
            "them elsewhere."
        )


def file_problems(paths):
    """Yield a problem if a folder is in the place of a file of ours, or anything but a folder in that of its folder."""
    for path in paths:
        if os.path.isdir(path):
            yield f"{path} is a folder, and a file has to be there. Move it elsewhere."
        for folder in map(str, reversed(PurePath(path).parents)):
            if os.path.lexists(folder) and not os.path.isdir(folder):
                yield f"{folder} is no folder, and files have to be in it. Move it elsewhere."


def problems(names, files):
    """Yield the problems of things that have names of ours: those of the containers C(names) and of C(files)."""
    for name in names:
        container = ports.engine_get(f"/containers/{name}/json")
        if container:
            yield from container_problem(container)
    network = ports.engine_get(f"/networks/{ports.NETWORK}")
    if network and network.get("Name") == ports.NETWORK:
        yield from network_problem(network)
    yield from folder_problem()
    yield from dict.fromkeys(file_problems([*WRITTEN_FILES, *files]))
