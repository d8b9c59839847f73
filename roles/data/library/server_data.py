#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: where the servers' data lies, and that it is the data that was there before."""

from __future__ import annotations

DOCUMENTATION = r"""
module: server_data
short_description: Keep each server on its own data, and never on an empty place where data was
description:
  - The data of a server lies in C(/var/lib/jarvis/<server>/data), out of the container engine's reach.
  - Which data that is, is written down under C(/etc/jarvis/state) once a deployment has succeeded. PostgreSQL's is
    known by its system identifier, Redis' by a marker beside its files.
  - Absent, empty or other data is a problem from then on, and nothing is touched. So is data that something else uses.
options:
  servers:
    description: Servers of the host.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Which server.
        type: str
        required: true
      kind:
        description: What its data is; PostgreSQL's and Redis' are known by what is in it.
        type: str
        choices: [postgres, redis]
        required: true
      container:
        description: Name of its container.
        type: str
        required: true
      image:
        description: Its image.
        type: str
        required: true
      user:
        description: Name of the user that it runs as, inside the image.
        type: str
        required: true
      volume:
        description: Volume of an earlier release, from which the data is moved.
        type: str
        required: true
      client_variable:
        description: Name in the client settings that tells that a host was deployed before.
        type: str
        required: true
      allow_empty:
        description: Whether an empty database may take the place of data that was lost.
        type: bool
        required: true
      first_start_file:
        description: File that has content only while the image may begin an empty database.
        type: path
      socket_folder:
        description: Folder of the server's unix socket.
        type: path
      client_socket_folder:
        description: Folder of its unix socket for local applications, in a folder that holds such folders alone.
        type: path
      client_socket_enabled:
        description: Whether the group of local applications may come there.
        type: bool
        default: false
  state:
    description:
      - V(inspected) returns the problems and changes nothing.
      - V(prepared) moves the data, makes folders, and gives them to the user of the image.
      - V(recorded) writes down which data a running server has.
    type: str
    choices: [inspected, prepared, recorded]
    required: true
attributes:
  check_mode:
    support: full
    description: Tells what would be done.
  diff_mode:
    support: full
    description: What is, or would be, done, a sentence each.
author: Jarvis data tier
"""

EXAMPLES = r"""
- name: Prepare the data
  server_data:
    state: prepared
    servers:
      - name: redis
        kind: redis
        container: jarvis-redis
        image: redis:7-alpine
        user: redis
        volume: jarvis_redis_data
        client_variable: REDIS_URL
        allow_empty: false
"""

RETURN = r"""
problems:
  description: Why the data must not be touched, a sentence each.
  type: list
  elements: str
  returned: success
done:
  description: What was, or in check mode would be, done, a sentence each.
  type: list
  elements: str
  returned: always
plans:
  description: What each server's data needs; V(keep), V(move), V(new), V(renew), or null with problems.
  type: dict
  returned: always
majors:
  description: PostgreSQL's major version that wrote the data, by server; empty where there is none.
  type: dict
  returned: always
settled_images:
  description: Image with which a server runs and needs no preparation, by server; empty where it needs one.
  type: dict
  returned: always
ansible_facts:
  description: What was done to a server's data, as C(data_done_<server>), for whoever reports it at the end.
  type: dict
  returned: with O(state=prepared)
unrecorded:
  description: Servers whose data is not written down yet.
  type: list
  elements: str
  returned: always
"""

import contextlib

from ansible.module_utils import data_changes as changes
from ansible.module_utils import data_judgement as judgement
from ansible.module_utils import host_lock
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.data_observation import Server, observe
from ansible.module_utils.data_preparation import prepare, settled_image

# The lock is held from the inspection of the data until everything is done: a module whose connection is lost goes on
# working for a while, and the next run has to wait for it.
LOCK = "/run/jarvis-data.lock"
LOCK_SECONDS = 600
OPTIONS = {
    "name": {"type": "str", "required": True},
    "kind": {"type": "str", "required": True, "choices": ["postgres", "redis"]},
    "container": {"type": "str", "required": True},
    "image": {"type": "str", "required": True},
    "user": {"type": "str", "required": True},
    "volume": {"type": "str", "required": True},
    "client_variable": {"type": "str", "required": True},
    "allow_empty": {"type": "bool", "required": True},
    "first_start_file": {"type": "path"},
    "socket_folder": {"type": "path"},
    "client_socket_folder": {"type": "path"},
    "client_socket_enabled": {"type": "bool", "default": False},
}


def record(server, observed, check_mode):
    """Record which data a server has, and forbid it to begin an empty one again; yield what was done.

    Raises changes.ChangeError if there is no data although the server runs.
    """
    if not check_mode:
        if observed.content.state == "data" and not observed.content.identity:
            changes.name_the_data(server, server.work_folder(server.folder))
            observed = observe(server)
        if observed.content.state != "data":
            raise changes.ChangeError(
                f"{server.container} runs, and {server.folder} holds no data ({observed.content.state}). Where "
                "does it write?"
            )
        changes.record(server, observed.content)
        if server.first_start_file:
            changes.allow_first_start(server.first_start_file, False)
    yield f"recorded which data {server.name} has"


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "servers": {"type": "list", "elements": "dict", "required": True, "options": OPTIONS},
            "state": {"type": "str", "choices": ["inspected", "prepared", "recorded"], "required": True},
        },
        supports_check_mode=True,
    )
    servers = [Server(**given) for given in module.params["servers"]]
    state = module.params["state"]
    problems, done, plans, majors, settled = [], [], {}, {}, {}
    changes_data = state == "prepared" and not module.check_mode
    alone = host_lock.held(LOCK, LOCK_SECONDS, "deployment") if changes_data else contextlib.nullcontext()
    try:
        with alone:
            observed = {server: observe(server) for server in servers}
            for server, found in observed.items():
                problems += judgement.problems(server, found)
                plans[server.name] = judgement.plan(server, found)
                settled[server.name] = settled_image(server, found, plans[server.name])
                majors[server.name] = found.content.major or found.volume_content.major or ""
            if problems and state != "inspected":
                module.fail_json(msg="\n".join(problems))
            for server, found in observed.items() if state != "inspected" else ():
                done += (
                    prepare(server, found, plans[server.name], module.check_mode)
                    if state == "prepared"
                    else record(server, found, module.check_mode)
                )
    except (changes.ChangeError, OSError, ValueError) as error:
        module.fail_json(msg=str(error), done=done)
    if module.check_mode:
        done = [f"would have {sentence}" for sentence in done]
    module.exit_json(
        changed=bool(done),
        diff={"prepared": "".join(f"{sentence}\n" for sentence in done)},
        problems=problems,
        done=done,
        plans=plans,
        majors=majors,
        settled_images=settled,
        ansible_facts={f"data_done_{name}": done for name in plans if state == "prepared"},
        unrecorded=[
            server.name for server, found in observed.items() if not found.recorded or plans[server.name] != "keep"
        ],
    )


if __name__ == "__main__":
    main()
