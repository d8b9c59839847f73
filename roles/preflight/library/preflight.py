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
  ports:
    description: Ports that the containers publish.
    type: list
    elements: dict
    required: true
    suboptions:
      variable:
        description: The variable that sets the port, for the message.
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
      container:
        description: The container that may already hold it.
        type: str
        required: true
  addresses:
    description: Addresses that servers are bound to, by the variable that sets them.
    type: dict
    default: {}
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
    ports:
      - {variable: postgres_port, address: 127.0.0.1, port: 5432, container: jarvis-postgres}
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
    "ports": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "variable": {"type": "str", "required": True},
            "address": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "container": {"type": "str", "required": True},
        },
    },
    "addresses": {"type": "dict", "default": {}},
    "found": {"type": "list", "elements": "str", "default": []},
    "engine_settings": {"type": "dict", "default": {}},
    "postgres_image": {"type": "str", "default": ""},
    "postgres_archive_major": {"type": "str", "default": ""},
    "postgres_data_major": {"type": "str", "default": ""},
}


def warn_of_proxy(module, settings):
    """Tell of the protection that is missing where the engine's proxy answers for the containers."""
    if {**settings, **module.params["engine_settings"]}.get("userland-proxy", True):
        module.warn(
            "The engine's userland proxy is on. While a container or the engine restarts, a local user without root "
            'can take the port and get the passwords of clients. With "userland-proxy": false in '
            "docker_daemon_settings, such connections are refused."
        )


def broken_mappings(module, settings):
    """Return the published addresses from which connections do not get to their containers, and tell of them."""
    found = []
    for server in module.params["ports"]:
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
    problems += foreign.problems(port["container"] for port in given["ports"])
    data_root = settings.get("data-root", host.DEFAULT_DATA_ROOT)
    problems += checks.capacity_problems(given, memory, data_root)
    problems += checks.address_problems(given)
    problems += checks.port_problems(given)
    problems += checks.major_problems(given)
    broken, stale, unwatched = [], [], []
    try:
        broken = broken_mappings(module, settings)
        names = [port["container"] for port in given["ports"]]
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
        stale_containers=stale,
        unwatched_containers=unwatched,
        broken_mappings=broken,
    )


if __name__ == "__main__":
    main()
