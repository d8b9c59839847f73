#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: what a host has of Docker, without changing anything."""

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_engine_info
short_description: Tell which engine a host has and which packages it lacks
description:
  - Looks for a Docker engine (C(dockerd)), for Debian packages and for files with a given text. A client binary alone
    is no engine.
  - Changes nothing and needs neither root's group nor the Docker libraries, so it works on a bare host.
options:
  packages:
    description: Debian packages the host needs in any case.
    type: list
    elements: str
    default: []
  engine_packages:
    description: Debian packages that contain an engine; they are missing only if the host has no engine.
    type: list
    elements: str
    default: []
  files:
    description: The text that each file should have, by path; null for a file that should not exist.
    type: dict
    default: {}
attributes:
  check_mode:
    support: full
    description: Changes nothing in either mode.
author: Jarvis data tier
"""

EXAMPLES = r"""
- name: See which engine the host has
  docker_engine_info:
    packages: [python3-requests]
    engine_packages: [docker.io]
  register: __docker_info
"""

RETURN = r"""
engine:
  description: Path of C(dockerd), empty when the host has none.
  type: str
  returned: always
  sample: /usr/sbin/dockerd
missing:
  description: Packages to install, the engine's among them when there is no engine.
  type: list
  elements: str
  returned: always
interrupted:
  description: Whether an earlier installation ended half-way, which apt refuses to build upon.
  type: bool
  returned: always
log_driver:
  description: Log driver that the engine's settings file names, empty when it names none.
  type: str
  returned: always
responds:
  description: Whether an engine answers on the local socket.
  type: bool
  returned: always
in_service:
  description: Whether systemd runs the engine and starts it at boot.
  type: bool
  returned: always
differing:
  description: Those of the files that are not as they should be.
  type: list
  elements: str
  returned: always
settings_pending:
  description: Whether the running engine started before its settings file was last written.
  type: bool
  returned: always
"""

import fcntl
import json
import os
import shutil
import socket

from ansible.module_utils.basic import AnsibleModule

SOCKET = "/var/run/docker.sock"
PID_FILE = "/var/run/docker.pid"
DPKG_LOCKS = ("/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock")
DPKG_UPDATES = "/var/lib/dpkg/updates"
UNFINISHED_STATES = {"half-configured", "half-installed", "triggers-awaited", "triggers-pending", "unpacked"}
SETTINGS_FILE = "/etc/docker/daemon.json"
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def responds():
    """Return whether something accepts connections on the engine's socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(2)
        try:
            client.connect(SOCKET)
        except OSError:
            return False
    return True


def settings_pending():
    """Return whether the settings file is newer than the pid file, which the engine writes as it starts.

    The time of modification can be copied along with a file, and may even be in the future. So the time at which the
    file's entry changed is compared, which nobody can set.
    """
    try:
        return os.stat(SETTINGS_FILE).st_ctime > os.stat(PID_FILE).st_mtime
    except FileNotFoundError:
        return False


def dpkg_runs():
    """Return whether somebody holds dpkg's lock, so that half-configured packages are being worked on right now."""
    for path in DPKG_LOCKS:
        try:
            with open(path, "r+b") as lock:
                fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            continue
        except BlockingIOError:
            return True
    return False


def installation_interrupted(module):
    """Return whether an earlier installation is unfinished and nobody is finishing it."""
    if dpkg_runs():
        return False
    if os.path.isdir(DPKG_UPDATES) and any(name.isdigit() for name in os.listdir(DPKG_UPDATES)):
        return True
    _rc, out, _err = module.run_command(["dpkg-query", "--show", "--showformat", "${db:Status-Status}\n"])
    return not set(out.split()).isdisjoint(UNFINISHED_STATES)


def in_service(module):
    """Return whether systemd runs the engine and starts it at boot; False without systemd."""
    systemctl = module.get_bin_path("systemctl")
    return bool(systemctl) and all(
        module.run_command([systemctl, question, "--quiet", "docker.service"])[0] == 0
        for question in ("is-active", "is-enabled")
    )


def text_of(path):
    """Return what a file holds, None when there is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def log_driver():
    """Return the log driver that the engine's settings file names, empty when there is none."""
    try:
        with open(SETTINGS_FILE, encoding="utf-8") as stream:
            return json.load(stream).get("log-driver", "")
    except (OSError, ValueError, AttributeError):
        return ""


def missing_packages(module, names):
    """Return the packages among C(names) that are not installed."""
    if not names:
        return []
    _rc, out, _err = module.run_command(
        ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *names]
    )
    installed = {line.split()[0] for line in out.splitlines() if line.endswith(" installed")}
    return [name for name in names if name not in installed]


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "packages": {"type": "list", "elements": "str", "default": []},
            "engine_packages": {"type": "list", "elements": "str", "default": []},
            "files": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    engine = shutil.which("dockerd", path=SEARCH_PATH) or ""
    wanted = module.params["packages"] + ([] if engine else module.params["engine_packages"])
    module.exit_json(
        changed=False,
        engine=engine,
        missing=missing_packages(module, wanted),
        interrupted=installation_interrupted(module),
        log_driver=log_driver(),
        responds=responds(),
        in_service=in_service(module),
        differing=[path for path, text in module.params["files"].items() if text_of(path) != text],
        settings_pending=settings_pending(),
    )


if __name__ == "__main__":
    main()
