"""Give a server's data to the user of another image, and give it back if that image does not start on it."""

from __future__ import annotations

import os
import time

from ansible.module_utils import data_changes as changes
from ansible.module_utils import engine_api as engine

READY = "ready to accept connections"
TRIAL_SECONDS = 300
LOG_LINES = 10


def change_owner(server, ids, ran):
    """Change the owner of the data and of its parts.

    The container of the old image is stopped, and kept until the new image has started on the data. If that does not
    start, raises changes.ChangeError; the old container then runs again if it C(ran) before.
    """
    before = os.stat(server.folder)
    container = engine.get(f"/containers/{server.container}/json")
    changes.hand_over(server.folder, *ids)
    said = trial(server, container) if container else None
    if said is None:
        return
    changes.hand_over(server.folder, before.st_uid, before.st_gid)
    again = f"belongs to the user {before.st_uid} again"
    if ran:
        changes.command("docker", "start", server.container)
        again += f", and {server.container} runs again as before"
    raise changes.ChangeError(
        f"The image {server.image} does not start on the data in {server.folder}. The data {again}. What that image "
        f"said:\n{said}"
    )


def trial(server, container):
    """Start the new image on the data, like the container but without a network; return its last lines if it ends."""
    name = server.trial
    words = ["docker", "run", "--detach", "--name", name, "--network", "none", "--user", server.user]
    for group in container["HostConfig"]["GroupAdd"] or []:
        words += ["--group-add", group]
    for source, mount in mounts_of(server, container):
        access = "" if mount["RW"] else ",readonly"
        words += ["--mount", f"type=bind,source={source},target={mount['Destination']}{access}"]
    for target in socket_targets(server, container):
        words += ["--mount", f"type=tmpfs,target={target},tmpfs-mode=1777"]
    changes.remove(name)
    try:
        changes.command(*words, server.image, *container["Config"]["Cmd"])
        return wait_until_ready(name)
    except changes.ChangeError as error:
        return str(error)
    finally:
        changes.remove(name)


def mounts_of(server, container):
    """Yield (source, mount) for each mount of the container. In an earlier release, the data is in the old volume."""
    for mount in container["Mounts"]:
        if mount.get("Name") == server.volume:
            yield server.folder, mount
        elif mount["Type"] == "bind" and mount["Source"] not in (server.socket_folder, server.client_socket_folder):
            yield mount["Source"], mount


def socket_targets(server, container):
    """Yield where the container has its sockets. A trial has its own: the host's belong to the old image's user."""
    for mount in container["Mounts"]:
        if mount.get("Source") in (server.socket_folder, server.client_socket_folder):
            yield mount["Destination"]


def wait_until_ready(name):
    """Wait until a container says that it is ready and return None; if it ends before, return its last lines."""
    for _ in range(TRIAL_SECONDS):
        state = (engine.get(f"/containers/{name}/json") or {}).get("State") or {}
        lines = engine.log_lines(name, 0)
        if any(READY in line.lower() for line in lines):
            changes.command("docker", "stop", "--time", str(changes.STOP_SECONDS), name)
            return None
        if not state.get("Running"):
            break
        time.sleep(1)
    return "\n".join(lines[-LOG_LINES:])
