"""Find out the number of the user that runs the server in an image."""

from __future__ import annotations

import os
import re
import subprocess

from ansible.module_utils import engine_api as engine

IDS = re.compile(r"uid=(\d+).* gid=(\d+)")


def running_user(server):
    """Return (image name, user id) of the server's running container, None when it does not run.

    Return None also if the image's name stands for another content by now.
    """
    container = engine.get(f"/containers/{server.container}/json") or {}
    pid = (container.get("State") or {}).get("Pid")
    if not pid:
        return None
    name = container["Config"]["Image"]
    image = engine.get(f"/images/{name}/json") or {}
    return (name, os.stat(f"/proc/{pid}").st_uid) if image.get("Id") == container["Image"] else None


def image_user(server):
    """Return (user id, group id) of the server in its image, None when the image is not on the host.

    Raises ValueError when the image has no such user.
    """
    image = engine.get(f"/images/{server.image}/json")
    if not image:
        return None
    container = engine.get(f"/containers/{server.container}/json") or {}
    pid = (container.get("State") or {}).get("Pid")
    # If a container of this image runs, it is asked, and no other one has to be made.
    if pid and container["Image"] == image["Id"]:
        found = os.stat(f"/proc/{pid}")
        return found.st_uid, found.st_gid
    words = ["docker", "run", "--rm", "--network", "none", "--entrypoint", "id", server.image, server.user]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    ids = IDS.match(done.stdout)
    if not ids:
        raise ValueError(f"The image {server.image} does not say who its user {server.user} is: {done.stderr.strip()}")
    return int(ids.group(1)), int(ids.group(2))
