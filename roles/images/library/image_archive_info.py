#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: what a C(docker save) archive holds, and whether it is whole."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_archive_info
short_description: Read a docker save archive
description:
  - Tells which images a C(docker save) archive holds, and PostgreSQL's major version where an image has it.
  - Fails if the file is missing, is no such archive, is cut short or damaged, or lacks an image that is asked for.
  - Needs no engine and changes nothing. Compressed archives (gzip, bzip2, xz) are read as well.
options:
  path:
    description: The archive.
    type: path
    required: true
  references:
    description: Images that have to be in it.
    type: list
    elements: str
    default: []
author: [Jarvis data tier authors]
"""

EXAMPLES = r"""
- name: Read the archive
  image_archive_info:
    path: /srv/images.tar
    references: ["postgres:16-alpine"]
  delegate_to: localhost
"""

RETURN = r"""
tags:
  description: Names of the images in the archive.
  returned: success
  type: list
  elements: str
  sample: ["postgres:16-alpine", "redis:7-alpine"]
images:
  description: By name, as the archive and as O(references) spell it, what is known of the image.
  returned: success
  type: dict
  contains:
    postgres_major:
      description: PostgreSQL's major version; empty for other images.
      type: str
  sample: {"postgres:16-alpine": {postgres_major: "16"}, "redis:7-alpine": {postgres_major: ""}}
msg:
  description: On failure, the file, what is wrong with it and the remedy.
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.image_archive import ArchiveError, familiar, read_archive


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "references": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    path = module.params["path"]
    try:
        images = read_archive(path)
        tags = sorted(images)
        for reference in module.params["references"]:
            if "@" in reference:
                raise ArchiveError(f"an archive knows tags, not digests such as {reference}")
            if familiar(reference) not in images:
                raise ArchiveError(f"it has no {reference}; it has {', '.join(tags) or 'no named image'}")
            images[reference] = images[familiar(reference)]
    except ArchiveError as error:
        module.fail_json(
            msg=f"images_archive is {path!r}, which cannot be used: {error}. Make it anew, where the images are, "
            "with: docker save --output images.tar IMAGE IMAGE"
        )
    module.exit_json(changed=False, tags=tags, images=images)


if __name__ == "__main__":
    main()
