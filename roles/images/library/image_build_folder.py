#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: the folder that images are built in, fresh or gone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_build_folder
short_description: Begin or end a build of images
description:
  - With files, empties the folder and puts the files there, executable and for root alone. Without, removes it.
  - Waits for a build step that still runs there, such as one that outlived its broken connection.
  - All files travel in this one task, which is many times faster than a copy of each.
options:
  path:
    description: The folder.
    type: path
    required: true
  lock:
    description: File that build steps hold a lock on.
    type: path
    required: true
  lock_wait:
    description: Seconds to wait for it.
    type: float
    default: 900
  files:
    description: Content by file name.
    type: dict
    default: {}
author: [Jarvis data tier authors]
"""

EXAMPLES = r"""
- name: Begin the build
  image_build_folder:
    path: /var/lib/build
    lock: /run/lock/build.lock
    files: {run: "#!/bin/sh\necho hello\n"}
"""

RETURN = r"""
msg:
  description: On failure, what could not be removed or written.
  returned: failure
  type: str
"""

import os
import shutil

from ansible.module_utils import host_lock
from ansible.module_utils.basic import AnsibleModule


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "lock": {"type": "path", "required": True},
            "lock_wait": {"type": "float", "default": 900},
            "files": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    path, files = module.params["path"], module.params["files"]
    changed = bool(files) or os.path.isdir(path)
    try:
        if changed and not module.check_mode:
            with host_lock.held(module.params["lock"], module.params["lock_wait"], "build"):
                renew(path, files)
    except OSError as error:
        module.fail_json(msg=f"The build folder {path} cannot be prepared: {error}")
    module.exit_json(changed=changed)


def renew(path, files):
    """Remove the folder C(path); if there are C(files) {name: content}, make it anew with them."""
    if os.path.isdir(path):
        shutil.rmtree(path)
    if not files:
        return
    os.makedirs(path, mode=0o700)
    for name, content in files.items():
        with open(os.path.join(path, name), "w", encoding="utf-8") as stream:
            stream.write(content)
            os.fchmod(stream.fileno(), 0o700)


if __name__ == "__main__":
    main()
