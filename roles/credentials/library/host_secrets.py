#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: secrets that are given by the inventory or generated once on the host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_secrets
short_description: Settle the secrets of a host
description:
  - A given secret is used and not stored. One that is not given is read from its file on the host, and generated
    there (256 bits) when there is no file yet.
  - Files are written atomically and are readable by root alone.
options:
  folder:
    description: Folder of the generated secrets; has to exist outside check mode.
    type: path
    required: true
  given:
    description: Value by secret; null for one that the host keeps.
    type: dict
    required: true
attributes:
  check_mode:
    support: full
    description: A secret that would be generated is a random one that is not stored.
author: Jarvis data tier
"""

EXAMPLES = r"""
- name: Settle the secrets
  host_secrets:
    folder: /etc/jarvis/secrets
    given:
      postgres_password: null
  register: credentials
  no_log: true
"""

RETURN = r"""
secrets:
  description: Value by secret. Register it under C(no_log).
  type: dict
  returned: success
generated:
  description: Names of the secrets that this run generated.
  type: list
  elements: str
  returned: success
"""

import os
import secrets
import tempfile

from ansible.module_utils.basic import AnsibleModule

BYTES_OF_RANDOMNESS = 32


def read_secret(path):
    """Return the secret in a file, None when there is no file or, after a power loss, an empty one."""
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read().rstrip("\n") or None
    except FileNotFoundError:
        return None


def write_secret(path, value):
    """Write a secret atomically, readable by root alone from the first moment."""
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path))
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(value + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    os.chmod(temporary, 0o400)
    os.replace(temporary, path)


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "folder": {"type": "path", "required": True},
            "given": {"type": "dict", "required": True, "no_log": False},
        },
        supports_check_mode=True,
    )
    settled, generated = {}, []
    for name, given in module.params["given"].items():
        path = os.path.join(module.params["folder"], name)
        value = str(given) if given is not None else read_secret(path)
        if value is None:
            value = secrets.token_urlsafe(BYTES_OF_RANDOMNESS)
            generated.append(name)
            if not module.check_mode:
                write_secret(path, value)
        settled[name] = value
    module.exit_json(changed=bool(generated), secrets=settled, generated=generated)


if __name__ == "__main__":
    main()
