#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: which certificates a host has, and which it needs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_inspection
short_description: Tell which certificates a host has, and which it needs
description:
  - Looks at the certificates of the servers as a client would, without a connection, and at who may read their keys.
  - Tells what is wrong with a supplied certificate, and otherwise which have to be issued or installed.
  - Changes nothing.
options:
  folder:
    description: Folder with a folder a server, which holds its C(server.crt) and C(server.key).
    type: path
    required: true
  servers:
    description: Names of those folders.
    type: list
    elements: str
    required: true
  ca:
    description: Certificate of the authority, for clients.
    type: path
    required: true
  ca_key:
    description: Key of the host's own authority.
    type: path
    required: true
  key_group:
    description: Group that has to be able to read the servers' keys, besides root alone.
    type: str
    required: true
  supplied:
    description: Paths of a supplied certificate, as C(ca), C(certificate) and C(key); without it, the host issues some.
    type: dict
  host_names:
    description: Names of the host, for certificates of its own.
    type: list
    elements: str
    required: true
  reached_as:
    description: Names and addresses by which clients reach the servers.
    type: list
    elements: str
    required: true
  names:
    description: Further ones, given by the inventory.
    type: list
    elements: str
    required: true
  renew_days:
    description: A certificate of the host's own with fewer days left is due.
    type: int
    required: true
  valid_days:
    description: For how long one is issued.
    type: int
    required: true
attributes:
  check_mode:
    support: full
    description: Changes nothing in either mode.
author: Jarvis data tier
"""

EXAMPLES = r"""
- name: See which certificates the host has
  tls_inspection:
    folder: /etc/jarvis/secrets
    servers: [postgres, redis]
    ca: /etc/jarvis/ca.crt
    ca_key: /etc/jarvis/secrets/ca/ca.key
    key_group: jarvis
    host_names: [db1]
    reached_as: [127.0.0.1]
    names: [db1.example.net]
    renew_days: 30
    valid_days: 825
  register: certificates
"""

RETURN = r"""
problems:
  description: What is wrong with the variables and the supplied certificate, a sentence each.
  type: list
  elements: str
  returned: success
reasons:
  description: Why certificates have to be issued or installed, a sentence each; none when all is well.
  type: list
  elements: str
  returned: success
ca_due:
  description: Whether the host's own authority has to be made.
  type: bool
  returned: success
servers_due:
  description: Servers whose certificate has to be issued.
  type: list
  elements: str
  returned: success
alternative_names:
  description: What the certificates of the host's own have to hold, such as C(DNS:localhost).
  type: list
  elements: str
  returned: success
"""

import grp
import os
import stat

from ansible.module_utils import tls_files
from ansible.module_utils.basic import AnsibleModule

FILES = {"certificate": "server.crt", "key": "server.key"}
ALWAYS = ["localhost", "127.0.0.1"]


def variable_problems(names, renew_days, valid_days):
    """Yield what is wrong with the variables. Each text names the value and the remedy."""
    for name in names:
        if not tls_files.alternative_names([name]):
            yield f"tls_names holds {name!r}, which is neither the name of a host nor an IPv4 address. Correct it."
    if renew_days >= valid_days:
        yield (
            f"tls_renew_days is {renew_days}, but certificates are issued for {valid_days} days, so every deployment "
            "would issue new ones. Choose fewer."
        )


def supplied_problems(supplied, reached_as):
    """Yield what is wrong with a supplied certificate. Each text names the variable, the path and the remedy."""
    missing = [file for file in ("ca", "certificate", "key") if not supplied[file]]
    for file in missing:
        yield (
            f"tls_{file}_path is not set, but another of the three paths is. Set all of them, or none to have the host "
            "issue its own certificates."
        )
    if missing:
        return
    try:
        tls_files.inspect(supplied["ca"], supplied["certificate"], supplied["key"], reached_as)
    except tls_files.RefusedError as refused:
        path = supplied[refused.file]
        yield f"tls_{refused.file}_path is {path}: {refused.reason}. {refused.remedy}"


def content(path):
    """Return what a file holds, None when there is none."""
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def is_for_group(path, group):
    """Return whether a key belongs to root, and only this group can read it besides."""
    try:
        number = grp.getgrnam(group).gr_gid
    except KeyError:
        return False
    found = os.stat(path)
    return (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (0, number, 0o640)


def install_reasons(given, paths):
    """Yield why the supplied certificate has to be installed."""
    supplied = given["supplied"]
    for server, pair in paths.items():
        if any(content(pair[file]) != content(supplied[file]) for file in FILES):
            yield f"{server}: the supplied certificate is not installed yet"
        elif not is_for_group(pair["key"], given["key_group"]):
            yield f"{server}: its key is for others than the server"
    if content(given["ca"]) != content(supplied["ca"]):
        yield "the authority's certificate is not installed yet"


def ca_reason(given):
    """Return why the host's own authority has to be made, None if there is one that can sign."""
    try:
        authority = tls_files.inspect_authority(given["ca"], given["ca_key"])
    except tls_files.RefusedError as refused:
        return f"the authority: {refused.reason}"
    if authority.days_left < given["renew_days"]:
        return f"the authority: {authority.days_left} days left"
    return None


def server_reason(given, pair, wanted):
    """Return why a server's certificate has to be issued, None if it is right."""
    try:
        found = tls_files.inspect(given["ca"], pair["certificate"], pair["key"])
    except tls_files.RefusedError as refused:
        return refused.reason
    if found.names != set(wanted):
        return f"it is for {', '.join(sorted(found.names))}"
    if found.days_left < given["renew_days"]:
        return f"{found.days_left} days left"
    if not is_for_group(pair["key"], given["key_group"]):
        return "its key is for others than the server"
    return None


def main():
    """Run the module."""
    names = {"type": "list", "elements": "str", "required": True}
    module = AnsibleModule(
        argument_spec={
            "folder": {"type": "path", "required": True},
            "servers": names,
            "ca": {"type": "path", "required": True},
            "ca_key": {"type": "path", "required": True, "no_log": False},
            "key_group": {"type": "str", "required": True, "no_log": False},
            "supplied": {"type": "dict"},
            "host_names": names,
            "reached_as": names,
            "names": names,
            "renew_days": {"type": "int", "required": True},
            "valid_days": {"type": "int", "required": True},
        },
        supports_check_mode=True,
    )
    given = module.params
    paths = {
        server: {file: os.path.join(given["folder"], server, name) for file, name in FILES.items()}
        for server in given["servers"]
    }
    given_names = given["reached_as"] + given["names"]
    wanted = tls_files.alternative_names(ALWAYS + given["host_names"] + given_names + [tls_files.default_address()])
    problems = list(variable_problems(given["names"], given["renew_days"], given["valid_days"]))
    result = {"problems": problems, "ca_due": False, "servers_due": []}
    if given["supplied"]:
        problems += supplied_problems(given["supplied"], given_names)
        reasons = [] if problems else list(install_reasons(given, paths))
    else:
        of_ca = ca_reason(given)
        of_servers = {server: of_ca or server_reason(given, pair, wanted) for server, pair in paths.items()}
        result["ca_due"] = of_ca is not None
        result["servers_due"] = [server for server, reason in of_servers.items() if reason]
        reasons = [f"{server}: {of_servers[server]}" for server in result["servers_due"]]
    module.exit_json(changed=False, reasons=reasons, alternative_names=wanted, **result)


if __name__ == "__main__":
    main()
