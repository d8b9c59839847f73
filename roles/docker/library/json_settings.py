#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: merge settings into a JSON file that others may also write."""

from __future__ import annotations

DOCUMENTATION = r"""
module: json_settings
short_description: Merge settings into a JSON file
description:
  - Sets the given keys of a JSON object in a file and leaves every other key as it is.
  - Objects are merged key by key; any other value replaces the one that was there.
  - Writes only when a value differs, atomically, and never a file that it could not read.
options:
  path:
    description: The file; it and its folder are made when they do not exist.
    type: path
    required: true
  settings:
    description: The keys to set.
    type: dict
    required: true
attributes:
  check_mode:
    support: full
    description: Tells what would change and writes nothing.
  diff_mode:
    support: full
    description: Shows the file before and after.
author: Jarvis data tier
"""

EXAMPLES = r"""
- name: Rotate container logs
  json_settings:
    path: /etc/docker/daemon.json
    settings:
      log-driver: json-file
      log-opts:
        max-size: 10m
"""

RETURN = r"""
settings:
  description: The whole object as it stands in the file afterwards.
  type: dict
  returned: success
"""

import json
import os

from ansible.module_utils import host_file
from ansible.module_utils.basic import AnsibleModule


def merged(base, settings):
    """Return a copy of C(base) with C(settings) on top, objects merged key by key."""
    result = dict(base)
    for key, value in settings.items():
        both_objects = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both_objects else value
    return result


def read_object(path):
    """Return (text, object) of the file, ("", {}) when it is missing or empty.

    Raises ValueError when the file holds anything but one JSON object.
    """
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
    except FileNotFoundError:
        return "", {}
    found = json.loads(text) if text.strip() else {}
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return text, found


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "settings": {"type": "dict", "required": True},
        },
        supports_check_mode=True,
    )
    path = module.params["path"]
    try:
        text, before = read_object(path)
    except ValueError as error:
        module.fail_json(msg=f"{path} holds no valid JSON object ({error}). Mend or remove it, then run this again.")
    after = merged(before, module.params["settings"])
    changed = after != before
    new_text = json.dumps(after, indent=2) + "\n" if changed else text
    if changed and not module.check_mode:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        host_file.write(module, path, new_text)
    module.exit_json(changed=changed, settings=after, diff=host_file.difference(path, text, new_text))


if __name__ == "__main__":
    main()
