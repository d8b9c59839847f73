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
  description:
    - C(images_selected), the image to run by server. One that is missing is named as it will be called.
    - One that is given by tag and digest is named by its digest alone.
  returned: success
  type: dict
  sample: {images_selected: {postgres: "postgres:16-alpine"}}
missing:
  description: The selected images that the engine does not have, by server.
  returned: success
  type: dict
  sample: {postgres: "postgres:16-alpine"}
images:
  description: By server, what is configured, what is selected, whether the host has it and what registries call it.
  returned: success
  type: dict
  sample:
    postgres: {configured: "postgres:16", selected: "postgres:16", on_host: true, digests: ["postgres@sha256:…"]}
leftover:
  description: Whether the folder is there.
  returned: success
  type: bool
msg:
  description: On failure, the value that is wrong and the remedy.
  returned: failure
  type: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.image_engine import digests_here, runnable


def select(source, official, built, there):
    """Return the image by server: the first one that is C(there), else the one that the source will give."""
    selected = {}
    for server, image in official.items():
        # A digest means exactly one image, so an image that was built cannot replace it.
        auto = [image] if "@" in image else [image, built[server]]
        names = {"build": [built[server]], "auto": auto}.get(source, [image])
        selected[server] = next((name for name in names if name in there), names[0])
    return selected


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
    official = {server: runnable(image) for server, image in module.params["official"].items()}
    candidates = {*official.values(), *module.params["built"].values()}
    try:
        found = {image: digests_here(module.params["socket"], image) for image in candidates}
    except OSError as error:
        if not module.check_mode:
            module.fail_json(
                msg=f"No Docker engine answers at {module.params['socket']} ({error}): run the docker role first."
            )
        found = {}
    except ValueError as error:
        module.fail_json(msg=f"The Docker engine cannot say which images it has: {error}")

    there = {image: digests for image, digests in found.items() if digests is not None}
    selected = select(module.params["source"], official, module.params["built"], there)
    missing = {server: image for server, image in selected.items() if image not in there}
    if missing and module.params["remedy"]:
        names = ", ".join(f"{image} (images_{server})" for server, image in missing.items())
        module.fail_json(msg=f"This host has no image {names}. {module.params['remedy']}.")
    module.exit_json(
        changed=False,
        ansible_facts={"images_selected": selected},
        missing=missing,
        images={
            server: {
                "configured": module.params["official"][server],
                "selected": image,
                "on_host": image in there,
                "digests": there.get(image, []),
            }
            for server, image in selected.items()
        },
        leftover=os.path.isdir(module.params["folder"]),
    )


if __name__ == "__main__":
    main()
