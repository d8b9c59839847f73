#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: a program that runs now, and before each start of a service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: prestart_program
short_description: Run a program now, and before each start of a service
description:
  - Installs a program and makes a systemd service run it before it starts, and once more when it has started. If the
    program fails, the service does not start.
  - Then runs it even if nothing was installed, because somebody may have undone its work meanwhile.
  - A file of either name that does not say that Ansible manages it is kept aside, under a name with the time in it.
  - Where systemd does not run, the program is installed and run all the same.
options:
  path:
    description: The program; only root may write it.
    type: path
    required: true
  content:
    description:
      - Its text. Called without an argument it does its work, says C(in force) when there was nothing to do, and
        anything else when there was. Called with C(check) it says the same and does nothing.
    type: str
    required: true
  service:
    description: The service, without C(.service).
    type: str
    required: true
attributes:
  check_mode:
    support: full
    description: If the program is installed already, without a difference, it is called with C(check).
  diff_mode:
    support: full
    description: Shows the files before and after.
author: Jarvis data tier
"""

EXAMPLES = r"""
- name: Load the rules, now and before the engine starts
  prestart_program:
    path: /usr/local/sbin/load-rules
    content: "{{ lookup('ansible.builtin.template', 'load-rules.j2') }}"
    service: docker
"""

RETURN = r"""
said:
  description: What the program said, empty when it was not called.
  type: str
  returned: success
  sample: in force
"""

import os
import shutil
import time

from ansible.module_utils import host_file
from ansible.module_utils.basic import AnsibleModule

SYSTEMD = "/run/systemd/system"  # there while systemd runs, see sd_booted(3)
DROP_IN = "/etc/systemd/system/{service}.service.d/{name}.conf"
DROP_IN_TEXT = "# Managed by Ansible\n[Service]\nExecStartPre={path}\nExecStartPost={path}\n"
NOTHING_TO_DO = "in force"
OUR_MARKS = ("Managed by Ansible", "Ansible managed")  # Ansible writes the second text into templates


def keep_aside(module, path):
    """Copy a file that is not ours to a safe place, and say so."""
    target = f"{path}.set-aside-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    module.warn(f"{path} is not ours; it {'would be' if module.check_mode else 'is'} kept as {target}")
    if not module.check_mode:
        shutil.copy2(path, target)


def install(module, path, text, mode):
    """Bring one file to its text and mode; return its difference as Ansible shows it, None when there is none."""
    before = host_file.read(path)
    if before == text and os.stat(path).st_mode & 0o7777 == mode:
        return None
    if before and not any(mark in before for mark in OUR_MARKS):
        keep_aside(module, path)
    if not module.check_mode:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        host_file.write(module, path, text)
        module.set_mode_if_different(path, mode, changed=True)
    return host_file.difference(path, before or "", text)


def tell_systemd(module, service, drop_in):
    """Make systemd read the service's files again if it does not know their present state."""
    asked = ["systemctl", "show", "--property=DropInPaths", "--property=NeedDaemonReload", f"{service}.service"]
    _rc, out, _err = module.run_command(asked, check_rc=True)
    # Older releases of systemd do not notice a file in a new folder.
    if drop_in not in out.split("DropInPaths=", 1)[-1].split() or "NeedDaemonReload=yes" in out:
        module.run_command(["systemctl", "daemon-reload"], check_rc=True)


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "content": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    path, service = module.params["path"], module.params["service"]
    differences = [install(module, path, module.params["content"], 0o755)]
    said = ""
    if not (module.check_mode and differences[0]):
        code, said, error = module.run_command([path, *(["check"] if module.check_mode else [])])
        if code:
            if differences[0] and differences[0]["before"]:
                # Put the old program back, which worked: the service does not start without one that works.
                install(module, path, differences[0]["before"], 0o755)
            module.fail_json(msg=f"{path} failed (exit code {code}): {(error or said).strip()}")
    # The drop-in is written only after the program has worked once, since the service does not start if the program
    # fails.
    if os.path.isdir(SYSTEMD):
        drop_in = DROP_IN.format(service=service, name=os.path.basename(path))
        differences.append(install(module, drop_in, DROP_IN_TEXT.format(path=path), 0o644))
        if not module.check_mode:
            tell_systemd(module, service, drop_in)
    differences = list(filter(None, differences))
    changed = bool(differences) or said.strip() != NOTHING_TO_DO
    module.exit_json(changed=changed, said=said.strip(), diff=differences)


if __name__ == "__main__":
    main()
