#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: refuse a host or an inventory that cannot work, before anything is changed."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight
short_description: Refuse what cannot work, before anything is changed
description:
  - Checks the host and the inventory's values and fails with every problem at once.
  - Each problem names the variable, the value and the remedy. Nothing is changed.
options:
  distribution:
    description: Name of the host's distribution, as Ansible's facts tell it.
    type: str
    required: true
  distribution_version:
    description: Its version.
    type: str
    required: true
  architecture:
    description: The host's architecture, as Ansible's facts tell it.
    type: str
    required: true
  supported_distributions:
    description: Versions by distribution.
    type: dict
    required: true
  supported_architectures:
    description: Architectures.
    type: list
    elements: str
    required: true
  min_memory_mb:
    description: Memory in MiB that the host has to have.
    type: int
    required: true
  min_disk_mb:
    description: Free space in MiB that the engine's data folder and the servers' have to have.
    type: int
    required: true
  servers:
    description: Servers of the host.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Its name, with which the names of its variables begin.
        type: str
        required: true
      container:
        description: Its container, which may already hold the port.
        type: str
        required: true
      address:
        description: Address to bind.
        type: str
        required: true
      port:
        description: Port to bind.
        type: int
        required: true
      networks:
        description: Networks whose clients are admitted.
        type: list
        elements: str
        required: true
      connections:
        description: Connections that one address beyond the host may have open; 0 for no limit.
        type: int
        default: 0
  files:
    description: Files that the servers are given.
    type: list
    elements: path
    default: []
  found:
    description: Problems that are known already, a sentence each.
    type: list
    elements: str
    default: []
  engine_settings:
    description: Settings that the engine is going to be given.
    type: dict
    default: {}
  postgres_image:
    description: Image of PostgreSQL, empty on a host without it.
    type: str
    default: ""
  postgres_archive_major:
    description: PostgreSQL major of that image in the archive, when it comes from one.
    type: str
    default: ""
  postgres_data_major:
    description: PostgreSQL major that wrote the data of this host, empty where there is none.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: Changes nothing in either mode.
author: Jarvis data tier
"""

EXAMPLES = r"""
- name: Check the host
  preflight:
    distribution: "{{ ansible_facts.distribution }}"
    distribution_version: "{{ ansible_facts.distribution_version }}"
    architecture: "{{ ansible_facts.architecture }}"
    supported_distributions: {Debian: ["12"]}
    supported_architectures: [x86_64]
    min_memory_mb: 1024
    min_disk_mb: 2048
    servers:
      - {name: postgres, container: jarvis-postgres, address: 127.0.0.1, port: 5432, networks: []}
"""

RETURN = r"""
memory_mb:
  description: Memory of the host in MiB.
  type: int
  returned: success
cores:
  description: Processors the host can use.
  type: int
  returned: success
disks_mb:
  description: Size in MiB of the file system where the data of each server is or would be, by server.
  type: dict
  returned: success
unwatched_containers:
  description: Containers whose health check the engine may have ceased to run.
  type: list
  elements: str
  returned: success
stale_containers:
  description: Containers that hold on to folders or networks which were removed or replaced since they started.
  type: list
  elements: str
  returned: success
broken_mappings:
  description: Published addresses that the engine's rules do not bring connections from to their running containers.
  type: list
  elements: str
  returned: success
"""

import os

from ansible.module_utils import container_mounts, container_watch
from ansible.module_utils import preflight_engine as engine
from ansible.module_utils import preflight_foreign as foreign
from ansible.module_utils import preflight_host as host
from ansible.module_utils import preflight_ports as ports
from ansible.module_utils import preflight_problems as checks
from ansible.module_utils.basic import AnsibleModule

ARGUMENTS = {
    "distribution": {"type": "str", "required": True},
    "distribution_version": {"type": "str", "required": True},
    "architecture": {"type": "str", "required": True},
    "supported_distributions": {"type": "dict", "required": True},
    "supported_architectures": {"type": "list", "elements": "str", "required": True},
    "min_memory_mb": {"type": "int", "required": True},
    "min_disk_mb": {"type": "int", "required": True},
    "servers": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "container": {"type": "str", "required": True},
            "address": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "networks": {"type": "list", "elements": "str", "required": True},
            "connections": {"type": "int", "default": 0},
        },
    },
    "files": {"type": "list", "elements": "path", "default": []},
    "found": {"type": "list", "elements": "str", "default": []},
    "engine_settings": {"type": "dict", "default": {}},
    "postgres_image": {"type": "str", "default": ""},
    "postgres_archive_major": {"type": "str", "default": ""},
    "postgres_data_major": {"type": "str", "default": ""},
}


def warn_of_proxy(module, settings):
    """Warn that protection is missing if the engine's proxy answers for the containers."""
    if {**settings, **module.params["engine_settings"]}.get("userland-proxy", True):
        module.warn(
            "The engine's userland proxy is on. While a container or the engine restarts, a local user without root "
            'can take the port and get the passwords of clients. With "userland-proxy": false in '
            "docker_daemon_settings, such connections are refused."
        )


def broken_mappings(module, settings):
    """Return the published addresses whose connections do not reach their containers, and warn of them."""
    found = []
    for server in module.params["servers"]:
        for published in ports.broken_mappings(server["container"], settings):
            found.append(published)
            module.warn(
                f"Connections to {published} are not brought to {server['container']}: rules of the engine are gone. "
                "A deployment restarts the engine, which makes them anew; containers keep running meanwhile."
            )
    return found


def main():
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    given = module.params
    names = [server["container"] for server in given["servers"]]
    memory = host.memory_mb()
    problems = [*checks.platform_problems(given), *given["found"]]
    settings = {}
    try:
        settings = ports.engine_settings()
    except ValueError as error:
        problems.append(
            f"{ports.ENGINE_SETTINGS} holds no valid JSON object ({error}). Mend or remove it; its settings are kept."
        )
    problems += engine.problems(given["engine_settings"], settings)
    problems += foreign.problems(names, given["files"])
    data_root = settings.get("data-root", host.DEFAULT_DATA_ROOT)
    problems += checks.capacity_problems(given, memory, data_root)
    problems += checks.address_problems(given)
    problems += checks.port_problems(given)
    problems += checks.major_problems(given)
    broken, stale, unwatched = [], [], []
    try:
        broken = broken_mappings(module, settings)
        stale = container_mounts.stale_containers(names)
        unwatched = container_watch.unwatched_containers(names)
    except OSError as error:
        problems.append(f"The engine or its packet filter cannot be asked: {error}. Mend that, then deploy again.")
    if problems:
        listed = "\n".join(f"- {problem}" for problem in problems)
        module.fail_json(msg=f"Nothing was changed. This has to be mended first:\n{listed}")
    warn_of_proxy(module, settings)
    module.exit_json(
        changed=False,
        memory_mb=memory,
        cores=len(os.sched_getaffinity(0)),
        disks_mb={
            server["name"]: host.disk_size_mb(os.path.join(checks.SERVERS_FOLDER, server["name"]))
            for server in given["servers"]
        },
        stale_containers=stale,
        unwatched_containers=unwatched,
        broken_mappings=broken,
    )


if __name__ == "__main__":
    main()
