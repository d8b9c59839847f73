"""Whether the engine still runs the health check of a container.

If an old engine restarts and keeps its containers running (live-restore), it does not take up their checks again. The
last state that it saw, most often "healthy", stays for ever. Debian 12's 20.10.24 does this, Debian 13's 26.1.5 does
not.
"""

from __future__ import annotations

import os
import time

from ansible.module_utils import engine_api as engine

PID_FILE = "/var/run/docker.pid"  # written when the engine starts
NANOSECONDS = 1e9
DEFAULT_PAUSE = 30 * NANOSECONDS  # https://docs.docker.com/reference/dockerfile/#healthcheck
SPARE_SECONDS = 5


def last_check(container):
    """Return when a container was last checked, or else started, in seconds since 1970."""
    state = container["State"]
    checks = [check["End"] for check in (state.get("Health") or {}).get("Log") or []]
    return max(map(engine.seconds_of, [state["StartedAt"], *checks]))


def longest_pause(container):
    """Return how many seconds may pass from one check to the end of the next."""
    check = (container.get("Config") or {}).get("Healthcheck") or {}
    pauses = [check.get(name) or DEFAULT_PAUSE for name in ("Interval", "Timeout")]
    return sum(pauses) / NANOSECONDS + SPARE_SECONDS


def is_watched(container, now=None):
    """Return whether a container's checks go on; True also for a container that does not run, or has no checks."""
    state = container["State"]
    if state["Status"] != "running" or not state.get("Health"):
        return True
    try:
        engine_started = os.stat(PID_FILE).st_mtime
    except OSError:
        engine_started = 0
    last = last_check(container)
    return last >= engine_started and (now or time.time()) - last <= 2 * longest_pause(container)


def unwatched_containers(names):
    """Return the containers whose checks do not go on, or have not begun again since the engine started."""
    found = ((name, engine.get(f"/containers/{name}/json")) for name in names)
    return [name for name, container in found if container and not is_watched(container)]
