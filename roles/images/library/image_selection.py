#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: which image to run for each server, given what the engine has."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_selection
short_description: Select the image to run for each server
description:
  - Looks which images the host's engine has, selects one for each server, and says which are missing.
  - Also says whether an interrupted fetch left its files. Reads only.
  - In check mode a host without an engine is a host without images.
options:
  source:
    description: Where missing images come from; see the role's C(images_source).
    type: str
    required: true
    choices: [registry, archive, build, auto]
  official:
    description: Image by server, as a registry or an archive names it.
    type: dict
    required: true
  built:
    description: Image by server, as a build on the host names it.
    type: dict
    required: true
  folder:
    description: Folder that a fetch uses for its files and removes at its end.
    type: path
    required: true
  remedy:
    description: What to do about an image that is missing. If given, a missing image is an error.
    type: str
  socket:
    description: The engine's API.
    type: path
    default: /var/run/docker.sock
author: [Jarvis data tier authors]
"""

EXAMPLES = r"""
- name: Select the images to run
  image_selection:
    source: auto
    official: {postgres: "postgres:16-alpine"}
    built: {postgres: "jarvis/postgres:16.14-0123abcd"}
    folder: /var/lib/jarvis-images
"""

RETURN = r"""
ansible_facts:
  description: C(images_selected), the image to run by server. One that is missing is named as it will be called.
  returned: success
  type: dict
  sample: {images_selected: {postgres: "postgres:16-alpine"}}
missing:
  description: The selected images that the engine does not have, by server.
  returned: success
  type: dict
  sample: {postgres: "postgres:16-alpine"}
leftover:
  description: Whether the folder is there.
  returned: success
  type: bool
msg:
  description: On failure, the value that is wrong and the remedy.
  returned: failure
  type: str
"""

import http.client
import os
import re
import socket
from urllib.parse import quote

from ansible.module_utils.basic import AnsibleModule

# https://github.com/distribution/reference, without its limits on length.
REFERENCE = re.compile(r"[a-zA-Z0-9][\w.:/-]*(@[a-z0-9]+:[0-9a-f]+)?", re.ASCII)


class Engine(http.client.HTTPConnection):
    """The engine's API behind its unix socket."""

    def __init__(self, path):
        """Take the socket's path; a request connects by itself."""
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        """Open the socket; OSError if nobody answers."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def has_image(path, image):
    """Say whether the engine behind the socket C(path) has C(image).

    OSError if it does not answer, ValueError with its own words if it cannot tell.
    """
    engine = Engine(path)
    engine.request("GET", f"/images/{quote(image, safe='/:@')}/json")
    response = engine.getresponse()
    body = response.read().decode(errors="replace").strip()
    engine.close()
    if response.status not in (http.client.OK, http.client.NOT_FOUND):
        raise ValueError(body)
    return response.status == http.client.OK


def select(source, official, built, there):
    """Return the image by server: the first that is C(there), else the one the source will give."""
    names = {"build": [built], "auto": [official, built]}.get(source, [official])
    return {
        server: next((name[server] for name in names if name[server] in there), names[0][server]) for server in official
    }


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "source": {"type": "str", "required": True, "choices": ["registry", "archive", "build", "auto"]},
            "official": {"type": "dict", "required": True},
            "built": {"type": "dict", "required": True},
            "folder": {"type": "path", "required": True},
            "remedy": {"type": "str"},
            "socket": {"type": "path", "default": "/var/run/docker.sock"},
        },
        supports_check_mode=True,
    )
    for server, image in module.params["official"].items():
        if not REFERENCE.fullmatch(image):
            module.fail_json(msg=f"images_{server} is {image!r}, which is no image. Write name:tag or name@sha256:…")

    candidates = {*module.params["official"].values(), *module.params["built"].values()}
    try:
        there = {image for image in candidates if has_image(module.params["socket"], image)}
    except OSError as error:
        if not module.check_mode:
            module.fail_json(
                msg=f"No Docker engine answers at {module.params['socket']} ({error}): run the docker role first."
            )
        there = set()
    except ValueError as error:
        module.fail_json(msg=f"The Docker engine cannot say which images it has: {error}")

    selected = select(module.params["source"], module.params["official"], module.params["built"], there)
    missing = {server: image for server, image in selected.items() if image not in there}
    if missing and module.params["remedy"]:
        names = ", ".join(f"{image} (images_{server})" for server, image in missing.items())
        module.fail_json(msg=f"This host has no image {names}. {module.params['remedy']}.")
    module.exit_json(
        changed=False,
        ansible_facts={"images_selected": selected},
        missing=missing,
        leftover=os.path.isdir(module.params["folder"]),
    )


if __name__ == "__main__":
    main()
