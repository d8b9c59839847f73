#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: several folders and text files in one task."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_files
short_description: Make folders and write text files
description:
  - Does for several folders and files in one task what C(file) and C(copy) do for one, since every item of a loop
    costs as much as a task.
  - Folders come first, each in the order of the list. The first one that cannot be made or written ends the module.
  - No link is followed, since what it points to may be open to others. One in the place of a folder is refused; one in
    the place of a file is replaced.
  - A file is written only when its text differs, and as a whole.
options:
  folders:
    description: Folders that have the same owner, group and mode, an entry each.
    type: list
    elements: dict
    default: []
    suboptions:
      paths:
        description: The folders. One is made when it does not exist; what it is in has to exist, outside check mode.
        type: list
        elements: path
        required: true
      owner:
        description: Name of its owner.
        type: str
        default: root
      group:
        description: Name of its group.
        type: str
        default: root
      mode:
        description: Its permissions, in octal digits.
        type: str
        required: true
  files:
    description: Files, an entry each.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The file.
        type: path
        required: true
      content:
        description: Its text.
        type: str
        required: true
      owner:
        description: Name of its owner.
        type: str
        default: root
      group:
        description: Name of its group.
        type: str
        default: root
      mode:
        description: Its permissions, in octal digits.
        type: str
        required: true
      validate:
        description:
          - Command that tries a text before it is written, with C(%s) for the path of a file that holds it. If it
            fails, the file stays as it was, and the module fails with what the command said.
          - It runs when the text differs, and not in check mode.
        type: str
attributes:
  check_mode:
    support: full
    description: Compares and changes nothing.
  diff_mode:
    support: full
    description: Shows each text before and after, and each owner, group and mode that differs.
author: Jarvis data tier
"""

EXAMPLES = r"""
- name: Write the settings, and who is admitted
  host_files:
    folders:
      - {paths: [/etc/server, /etc/server/parts], mode: "0755"}
    files:
      - path: /etc/server/server.conf
        content: "{{ lookup('ansible.builtin.template', 'server.conf.j2') }}"
        mode: "0644"
        validate: server --test-configuration %s
"""

RETURN = r"""
msg:
  description: On failure, the folder or file and what is wrong with it.
  returned: failure
  type: str
"""

import functools
import os

from ansible.module_utils import host_file
from ansible.module_utils.basic import AnsibleModule

OWNERSHIP = {
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str", "default": "root"},
    "mode": {"type": "str", "required": True},
}
FOLDERS = {"paths": {"type": "list", "elements": "path", "required": True}, **OWNERSHIP}
FILE = {
    "path": {"type": "path", "required": True},
    "content": {"type": "str", "required": True},
    "validate": {"type": "str"},
    **OWNERSHIP,
}


def settle_ownership(module, path, wanted):
    """Bring owner, group and mode to what is wanted; return what differed, a list of one difference or none."""
    differing = host_file.difference(path, {}, {})
    arguments = module.load_file_common_arguments(wanted, path=path)
    return [differing] if module.set_fs_attributes_if_different(arguments, False, differing) else []


def settle_folder(module, path, wanted):
    """Make a folder where there is none, and bring its ownership to what is wanted; return what differed."""
    if os.path.islink(path) or (os.path.exists(path) and not os.path.isdir(path)):
        module.fail_json(msg=f"{path} is {'a link' if os.path.islink(path) else 'no folder'}, and has to be a folder")
    if os.path.exists(path):
        return settle_ownership(module, path, wanted)
    if not module.check_mode:
        os.mkdir(path, mode=0o700)
        settle_ownership(module, path, wanted)
    return [host_file.difference(path, {"state": "absent"}, {"state": "directory"})]


def settle_file(module, wanted):
    """Bring a file's text and ownership to what is wanted; return what differed."""
    path, text = wanted["path"], wanted["content"]
    before = None if os.path.islink(path) else host_file.read(path)
    if before == text:
        return settle_ownership(module, path, wanted)
    if not module.check_mode:
        approve = functools.partial(validate, module, wanted) if wanted["validate"] else None
        host_file.write(module, path, text, approve)
        settle_ownership(module, path, wanted)
    return [host_file.difference(path, before or "", text)]


def validate(module, wanted, candidate):
    """Fail with the command's own words if it refuses the new text of a file."""
    code, out, err = module.run_command(wanted["validate"] % candidate)
    if code:
        said = (err or out).strip()
        module.fail_json(msg=f"{wanted['path']} is as it was, because its new text is not valid: {said}")


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "folders": {"type": "list", "elements": "dict", "default": [], "options": FOLDERS},
            "files": {"type": "list", "elements": "dict", "default": [], "options": FILE},
        },
        supports_check_mode=True,
    )
    differences = []
    try:
        for wanted in module.params["folders"]:
            for path in wanted["paths"]:
                differences += settle_folder(module, path, wanted)
        for wanted in module.params["files"]:
            differences += settle_file(module, wanted)
    except OSError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(differences), diff=differences)


if __name__ == "__main__":
    main()
