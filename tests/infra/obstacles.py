"""What stands in the way of whole groups of tests: a cause is told once, and not what follows from it."""

from __future__ import annotations

import json
import time
from urllib.parse import urlsplit

from deployed import client_settings, database_name, superuser_rows

# isort: split
# Where this is, the one before says.
from ansible.module_utils import container_report

ENGINE_SECONDS = 20
LOG_LINES = 30
START_SECONDS = 60  # for a server that was started just now
TABLES = ("agent_state", "decision_log", "memory_facts", "planning_cycles", "tool_calls")
MISSING_TABLES = (
    "SELECT name FROM unnest(ARRAY['{}']) AS name WHERE to_regclass('public.' || name) IS NULL ORDER BY name"
).format("', '".join(TABLES))


def needs(item, servers):
    """Return what a test needs of a host with C(servers), the causes before what depends on them."""
    part = item.path.parent.name
    servers = (part,) if part in servers else servers if "on_host" in item.fixturenames else ()
    settings = ("settings",) if {"settings", "on_host"} & {*item.fixturenames} else ()
    address = ("address",) if "on_host" in item.fixturenames else ()
    tables = ("tables",) if item.get_closest_marker("tables") else ()
    return ("engine", *servers, *settings, *address, *tables)


def find_obstacles(host, servers):
    """Return {what is needed: why it cannot be looked at}; C(servers) is {name: {account: variable}}."""
    answer = host.run(f"timeout {ENGINE_SECONDS} docker version --format '{{{{.Server.Version}}}}'")
    if answer.rc != 0:
        said = (answer.stderr.strip().splitlines() or ["it was silent"])[-1]
        return {
            "engine": f"The Docker engine does not answer: {said}\n"
            "`systemctl status docker` and `journalctl -u docker` on the host say why; a deployment starts it again."
        }
    found = {server: server_obstacle(host, f"jarvis-{server}") for server in servers}
    if host.run("test -s /etc/jarvis/jarvis.env").rc != 0:
        found["settings"] = (
            "/etc/jarvis/jarvis.env is missing or empty, so clients know no address. A deployment writes it."
        )
    else:
        settings = client_settings(host)
        found["address"] = address_obstacle(
            host, {settings[name] for accounts in servers.values() for name in accounts.values() if name in settings}
        )
        if not found.get("postgres", "not here"):
            found["tables"] = tables_obstacle(host, database_name(settings))
    return {what: why for what, why in found.items() if why}


def address_obstacle(host, addresses):
    """Return why clients cannot find the servers at their C(addresses), None where they can."""
    names = {urlsplit(address).hostname for address in addresses}
    unknown = [name for name in sorted(names) if host.run("getent ahosts %s", name).rc != 0]
    return unknown and (
        f"The host itself does not know the name {', '.join(unknown)}, which clients are given in jarvis.env. Make it "
        "known there (name service or /etc/hosts), or set client_host to a name or an address that is."
    )


def tables_obstacle(host, database):
    """Return which of the tables are not there, None where all are."""
    try:
        missing = [name for (name,) in superuser_rows(host, database, MISSING_TABLES)]
    except AssertionError as error:
        return str(error)
    return missing and (
        f"table {', '.join(missing)} is missing, and what was in it. Nothing makes it again by itself: bring it back "
        "from a dump (docs/operations.md, A table is lost)."
    )


def server_obstacle(host, name):
    """Return why a server does not serve, None where it does."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        inspected = host.run(f"docker container inspect {name}")
        if inspected.rc != 0:
            return f"{name} does not exist. A deployment makes it again, on the data that is there."
        container = json.loads(inspected.stdout)[0]
        state = container["State"]
        # A stopped container keeps the health it had.
        what = (state.get("Health") or {}).get("Status") if state["Status"] == "running" else state["Status"]
        if what in (None, "healthy"):
            return None
        if what != "starting" or time.monotonic() > deadline:
            break
        time.sleep(1)
    lines = host.run(f"docker logs --tail {LOG_LINES} {name} 2>&1").stdout.splitlines()
    return container_report.of_server(container, f"is {what}", lines)
