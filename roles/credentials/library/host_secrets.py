#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: the secrets in force on a host, given by the inventory or generated there."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_secrets
short_description: Settle the secrets of a host
description:
  - The host keeps the secrets in force, a file each. A given secret replaces the one in its file; without one, the
    file's is used, and one is generated (256 bits) when there is no file yet.
  - What a file held before is kept beside it, newest first, for a server that was away when the secret changed.
  - Files are written atomically and are readable by root alone.
options:
  folder:
    description: Folder of the secrets; has to exist outside check mode.
    type: path
    required: true
  given:
    description: Value by secret; null for one that the host keeps.
    type: dict
    required: true
  renew:
    description:
      - Secrets to generate anew. A given one cannot be, nor any where the host lacks one of the secrets.
    type: list
    elements: str
    default: []
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
previous:
  description: Last values before by secret, newest first, of those that ever changed. Register it under C(no_log).
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
import stat
import tempfile

from ansible.module_utils.basic import AnsibleModule

BYTES_OF_RANDOMNESS = 32
MODE = 0o400
PREVIOUS = ".previous"
PREVIOUS_KEPT = 3


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
    os.chmod(temporary, MODE)
    os.replace(temporary, path)


def is_guarded(path):
    """Return whether only the user of a secret, who is root, can read it; True as well if there is no such file."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return True
    return (found.st_uid, stat.S_IMODE(found.st_mode)) == (os.geteuid(), MODE)


def guard(path):
    """Make a secret readable for its user alone again."""
    os.chown(path, os.geteuid(), -1)
    os.chmod(path, MODE)


def settle(folder, name, given, renew):
    """Return (value, value in the file, whether it was generated) of a secret, without writing anything."""
    found = read_secret(os.path.join(folder, name))
    if given is not None:
        return str(given), found, False
    if found is not None and not renew:
        return found, found, False
    return secrets.token_urlsafe(BYTES_OF_RANDOMNESS), found, True


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "folder": {"type": "path", "required": True},
            "given": {"type": "dict", "required": True, "no_log": False},
            "renew": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    folder, given, renew = (module.params[name] for name in ("folder", "given", "renew"))
    for name in renew:
        if name not in given or given[name] is not None:
            module.fail_json(msg=f"{name} cannot be generated anew: it is given, or there is no such secret")
    missing = [name for name in given if read_secret(os.path.join(folder, name)) is None]
    if renew and missing:
        module.fail_json(msg=f"{', '.join(missing)}: this host has no such secret yet. Deploy first, then rotate")
    settled, previous, generated, changed = {}, {}, [], False
    for name in given:
        path = os.path.join(folder, name)
        value, found, is_generated = settle(folder, name, given[name], name in renew)
        before = (read_secret(path + PREVIOUS) or "").splitlines()
        if value != found:
            changed = True
            before = [*([found] if found else []), *before][:PREVIOUS_KEPT]
            if not module.check_mode:
                if before:
                    write_secret(path + PREVIOUS, "\n".join(before))
                write_secret(path, value)
        for exposed in (one for one in (path, path + PREVIOUS) if not is_guarded(one)):
            changed = True
            if not module.check_mode:
                guard(exposed)
        settled[name] = value
        if is_generated:
            generated.append(name)
        if before:
            previous[name] = before
    module.exit_json(changed=changed, secrets=settled, previous=previous, generated=generated)


if __name__ == "__main__":
    main()
