"""What a host says of its servers, in one go, before any test. Runs on the host, reads only, sends no password."""

from __future__ import annotations

import shlex
import socket
import time
import urllib.parse

import preflight_ports as ports
import superuser

SETTINGS = "/etc/jarvis/jarvis.env"


POSTGRES = "jarvis-postgres"
MISSING_TABLES = "SELECT name FROM unnest(%s) AS name WHERE to_regclass('public.' || name) IS NULL ORDER BY 1"


def observe(containers, tables):
    """Return what there is of some containers, and of tables in the clients' database where PostgreSQL serves.

    - C(engine): its version, None where it does not answer.
    - C(containers): what the engine tells of each, None of one that does not exist.
    - C(conditions): the health of each that runs, None where it has no health check; the state of any other.
    - C(processes): what the kernel tells of the first process of each.
    - C(now): the host's time, in seconds since 1970.
    - C(settings): the client settings by variable, none where there is no file.
    - C(unknown_names): the names of their addresses that the host does not know.
    - C(missing_tables): what superuser.rows() returns, None where PostgreSQL does not serve.
    """
    engine = ports.engine_get("/version")
    found = {name: ports.engine_get(f"/containers/{name}/json") for name in containers} if engine else {}
    settings = client_settings()
    serves = settings and found.get(POSTGRES) and condition(found[POSTGRES]) in (None, "healthy")
    return {
        "engine": engine and engine["Version"],
        "containers": found,
        "processes": {name: process(known["State"]["Pid"]) for name, known in found.items() if known},
        "conditions": {name: condition(known) for name, known in found.items() if known},
        "now": time.time(),
        "settings": settings,
        "unknown_names": sorted({name for name in map(host_name, settings.values()) if name and not is_known(name)}),
        "missing_tables": superuser.rows(settings, MISSING_TABLES, tables) if serves else None,
    }


def condition(container):
    """Return the health of a container that runs, None where it has no health check, else its state."""
    state = container["State"]
    # A stopped container keeps the health it had.
    return (state.get("Health") or {}).get("Status") if state["Status"] == "running" else state["Status"]


def client_settings():
    """Return the client settings as {variable: value}, {} where there are none."""
    try:
        with open(SETTINGS, encoding="utf-8") as stream:
            words = shlex.split(stream.read(), comments=True)
    except FileNotFoundError:
        return {}
    return dict(word.split("=", 1) for word in words)


def host_name(value):
    """Return the host's name in an address, None where the value is none."""
    return urllib.parse.urlsplit(value).hostname


def is_known(name):
    """Return whether the host knows a name or an address."""
    try:
        return bool(socket.getaddrinfo(name, None))
    except OSError:
        return False


def process(pid):
    """Return the lines of /proc/PID/status as {name: [word]}, {} where there is no such process."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as stream:
            return {key: value.split() for key, _, value in (line.partition(":") for line in stream)}
    except FileNotFoundError:
        return {}
