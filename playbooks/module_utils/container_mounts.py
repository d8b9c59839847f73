"""Tell whether the folders that a container mounts, and its network, are still those of the same name on the host."""

from __future__ import annotations

import os

from ansible.module_utils import engine_api as engine

MAX_LINKS = 40  # as the kernel


def stale_mounts(container):
    """Return the paths of the host that a container has mounted while the host now has another folder, or none, there.

    A folder that was removed stays mounted, and what is written under its name never reaches the container. A container
    that is not running mounts whatever is there at its next start.
    """
    pid = (container.get("State") or {}).get("Pid")
    if not pid:
        return []
    return sorted(
        mount["Source"]
        for mount in container.get("Mounts") or []
        if mount["Type"] == "bind" and is_stale(mount["Source"], f"/proc/{pid}/root", mount["Destination"])
    )


def is_stale(source, root, target):
    """Return whether C(target) below the root of a container is mounted from elsewhere than C(source)."""
    try:
        mounted = os.stat(inside(root, target))
    except OSError:
        return False  # ended meanwhile
    try:
        return not os.path.samestat(os.stat(source), mounted)
    except (FileNotFoundError, NotADirectoryError):
        return True


def inside(root, path):
    """Return a path of a container as this host reaches it; links to a path from the root mean the container's root."""
    done, left = [], path.split("/")
    for _ in range(MAX_LINKS):
        while left:
            part = left.pop(0)
            if part in ("", "."):
                continue
            if part == "..":
                done = done[:-1]
                continue
            here = "/".join([root, *done, part])
            if os.path.islink(here):
                link = os.readlink(here)
                done, left = [] if link.startswith("/") else done, link.split("/") + left
                break
            done.append(part)
        else:
            break
    return "/".join([root, *done])


def lost_networks(container):
    """Return the networks of a container that are gone. It cannot start with a new network of the same name.

    Raises OSError where the engine does not tell.
    """
    networks = (container.get("NetworkSettings") or {}).get("Networks") or {}
    return sorted(
        name
        for name, network in networks.items()
        if network["NetworkID"] and not engine.find(f"/networks/{network['NetworkID']}")
    )


def stale_containers(names):
    """Return the containers that have to be made anew, because they hold on to folders or networks that are gone.

    Raises OSError where the engine does not tell.
    """
    containers = {name: engine.get(f"/containers/{name}/json") or {} for name in names}
    return [name for name, container in containers.items() if stale_mounts(container) or lost_networks(container)]
