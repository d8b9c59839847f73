#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: wait until a container is healthy, or say why it is not."""

from __future__ import annotations

DOCUMENTATION = r"""
module: container_health
short_description: Wait until a container is healthy, or say why it is not
description:
  - Returns as soon as the container's health check succeeds. While the engine has not made it yet, which it does one
    interval after a start, the module makes it.
  - Ends at once when the container exits, is restarted or removed meanwhile, and otherwise after the time given; then
    says in a few lines what state it is in, what it wrote since its last start, and what to do where that is known.
  - A container that waits for its next start after a failed one is started now, since what stopped it may be mended.
  - Where the engine has ceased to run the health check, as some do at a restart, it takes it up again.
  - Needs no library on the host.
options:
  name:
    description: Name of the container.
    type: str
    required: true
  timeout:
    description: Seconds to wait.
    type: float
    default: 300
  timeout_variable:
    description: The variable that sets them, for the message.
    type: str
    required: true
  restart:
    description: Restart the container first.
    type: bool
    default: false
  failure:
    description:
      - What the engine or its module said when it could not start the container. That is then explained, and nothing
        waited for.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: Explains a failure, tells whether it would restart, and waits for nothing.
author: Jarvis data tier
"""

EXAMPLES = r"""
- name: Wait until the server is healthy
  container_health:
    name: jarvis-redis
    timeout: "{{ redis_healthy_timeout_seconds }}"
    timeout_variable: redis_healthy_timeout_seconds
"""

RETURN = r"""
status:
  description: What the health check says; empty where nothing was waited for.
  type: str
  returned: success
  sample: healthy
"""

import http.client
import json
import math
import time

from ansible.module_utils import container_remedies as remedies
from ansible.module_utils import container_report as report
from ansible.module_utils import container_watch as watch
from ansible.module_utils import engine_api as engine
from ansible.module_utils.basic import AnsibleModule

ASK_SECONDS = 0.3  # between two checks of our own
CHECK_SECONDS = 5  # for one check of our own
PAUSE_SECONDS = 0.1  # the engine waits at least this long before it restarts a container
EARLY_SECONDS = 10  # how long before the noted start the log is read from, if the engine knows no earlier end
RESTART_SECONDS = 180  # a clean shutdown may take this long
RESUMED_SECONDS = 10  # how long an old engine may still show our own pause as one, because its event comes late


class NeverHealthyError(Exception):
    """The container will not become healthy by itself. Holds its last state, what happened, and its last log lines."""


def inspect(name):
    """Return the engine's description of a container, None when there is none."""
    return engine.get(f"/containers/{name}/json")


def succeeds(container, seconds):
    """Run a container's health check now, as the engine would; return whether it succeeds, None if it hangs."""
    kind, *words = container["Config"]["Healthcheck"]["Test"]
    command = words if kind == "CMD" else ["/bin/sh", "-c", *words]
    try:
        return engine.exit_code(container["Id"], command, min(seconds, CHECK_SECONDS)) == 0
    except TimeoutError:
        return None
    except OSError:
        return False


def ending(container, allowed_restarts):
    """Return in words how a container has ended since the watch began, an empty text if it runs as it should."""
    state = container["State"]
    if state["Status"] == "restarting" or container["RestartCount"] > allowed_restarts:
        return f"ended with exit code {state['ExitCode']}" if state["Status"] == "restarting" else "was restarted"
    if state["Status"] != "running":
        return f"is {state['Status']}"
    if not state.get("Health"):
        return "has no health check"
    if state["Health"]["Status"] == "unhealthy" and any(map(remedies.HELD_UP.search, report.health_lines(state))):
        return "is held up by a script"
    return ""


def wait(name, timeout, variable, paused_seconds=0):
    """Wait until the container is healthy. Raises NeverHealthyError, or OSError if the engine stays away all the time.

    A pause ends the wait only if it lasts for more than C(paused_seconds).
    """
    deadline = time.monotonic() + timeout
    paused_deadline = time.monotonic() + paused_seconds
    first, asked = None, 0
    while True:
        try:
            container = engine.find(f"/containers/{name}/json")
        except OSError:
            # The engine may restart during the wait; the container then runs on.
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)
            continue
        if not container:
            raise NeverHealthyError(first, "was removed while it was waited for" if first else "does not exist", [])
        first = first or container
        state = container["State"]
        health = (state.get("Health") or {}).get("Status") if state["Status"] == "running" else None
        if health == "healthy":
            return
        event = ending(container, first["RestartCount"])
        if state["Status"] == "paused" and time.monotonic() < paused_deadline:
            event = ""
        if not event and time.monotonic() > deadline:
            event = f"runs, but was not healthy within {timeout:g} s ({variable})"
        if event:
            since = first if event == "was restarted" else container
            raise NeverHealthyError(container, event, lines_since_start(since))
        if health == "starting" and time.monotonic() > asked + ASK_SECONDS:
            answer = succeeds(container, deadline - time.monotonic())
            if answer:
                return
            # A check that hangs is left to the engine, which ends it.
            asked = time.monotonic() if answer is not None else math.inf
        time.sleep(PAUSE_SECONDS)


def lines_since_start(container):
    """Return the last lines that a container has written since its last start; C(container) describes its state.

    A quick process writes its first lines before the engine notes the time of its start: 2 of 30 did on a quiet
    machine. So the lines are read from the time at which the container ended before.
    """
    name, started = container["Name"].lstrip("/"), engine.seconds_of(container["State"]["StartedAt"])
    since = engine.last_end(name, started) or started - EARLY_SECONDS
    return engine.log_lines(name, f"{since:.9f}")


def waits_for_its_start(name):
    """Return whether a container has ended, and the engine waits before it starts it again."""
    return ((inspect(name) or {}).get("State") or {}).get("Status") == "restarting"


def restart(name):
    """Restart a container. Raises OSError with the engine's words."""
    status, body = engine.call("POST", f"/containers/{name}/restart", timeout=RESTART_SECONDS)
    if status != http.client.NO_CONTENT:
        raise OSError(json.loads(body)["message"])


def resume(name):
    """Make the engine check a container's health again if it has ceased to; return whether that was needed."""
    container = inspect(name)
    deadline = time.monotonic() + watch.longest_pause(container or {})
    while container and not watch.is_watched(container):
        if time.monotonic() > deadline:
            # A pause ends the engine's checks, and the end of the pause starts them again. It lasts for milliseconds.
            for word in ("pause", "unpause"):
                status, body = engine.call("POST", f"/containers/{name}/{word}")
                if status != http.client.NO_CONTENT:
                    raise OSError(json.loads(body)["message"])
            return True
        time.sleep(PAUSE_SECONDS)
        container = inspect(name)
    return False


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "timeout": {"type": "float", "default": 300},
            "timeout_variable": {"type": "str", "required": True},
            "restart": {"type": "bool", "default": False},
            "failure": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    name, failure = module.params["name"], module.params["failure"]
    if failure:
        module.fail_json(msg=report.of_engine(inspect(name), name, failure))
    restarted = module.params["restart"] or waits_for_its_start(name)
    if module.check_mode:
        module.exit_json(changed=restarted, status="")
    try:
        if restarted:
            restart(name)
        resumed = resume(name)
        wait(name, module.params["timeout"], module.params["timeout_variable"], RESUMED_SECONDS if resumed else 0)
    except OSError as error:
        module.fail_json(msg=report.of_engine(inspect(name), name, str(error)))
    except NeverHealthyError as error:
        container, event, lines = error.args
        module.fail_json(
            msg=report.of_server(container, event, lines) if container else f"The container {name} {event}."
        )
    module.exit_json(changed=restarted or resumed, status="healthy")


if __name__ == "__main__":
    main()
