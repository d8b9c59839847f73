#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: images with the digests that their registry has for their tags now."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_pins
short_description: Add digests to image names
description:
  - Asks the registry of each image for the digest of its tag, through the host's engine and with its C(docker login).
  - An image that is given by digest alone is already pinned and stays as it is.
  - Pulls nothing and changes nothing.
options:
  images:
    description: Image by server.
    type: dict
    required: true
  socket:
    description: The engine's API.
    type: path
    default: /var/run/docker.sock
author: [Jarvis data tier authors]
"""

EXAMPLES = r"""
- name: Ask the registry
  image_pins:
    images: {postgres: "postgres:16-alpine"}
"""

RETURN = r"""
pinned:
  description: Image by server, with tag and digest.
  returned: success
  type: dict
  sample: {postgres: "postgres:16-alpine@sha256:…"}
msg:
  description: On failure, the image that could not be resolved, why, and the remedy.
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.image_engine import digest_in_registry, split


def pin(socket, image):
    """Return C(image) with the digest that its registry has for its tag now. A digest without a tag stays as it is."""
    name, tag, digest = split(image)
    if digest and not tag:
        return image
    tagged = f"{name}:{tag or 'latest'}"
    return f"{tagged}@{digest_in_registry(socket, tagged)}"


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "images": {"type": "dict", "required": True},
            "socket": {"type": "path", "default": "/var/run/docker.sock"},
        },
        supports_check_mode=True,
    )
    pinned = {}
    for server, image in module.params["images"].items():
        try:
            pinned[server] = pin(module.params["socket"], image)
        except OSError as error:
            module.fail_json(
                msg=f"Nothing was written. No Docker engine answers at {module.params['socket']} ({error}), and the "
                "registry is asked through it: deploy this host first, or choose another one with --limit."
            )
        except (KeyError, ValueError) as error:
            module.fail_json(
                msg=f"Nothing was written. images_{server} is {image}, and asking its registry for the digest failed: "
                f"{error.args[0]}. Correct the name, let this host reach the registry (a private one after "
                "`docker login` as root), or choose another host with --limit. An image that was built on a host is in "
                "no registry and has no digest."
            )
    module.exit_json(changed=False, pinned=pinned)


if __name__ == "__main__":
    main()
