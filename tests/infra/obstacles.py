"""What stands in the way of whole groups of tests: a cause is told once, and not what follows from it."""

from __future__ import annotations

import time

from ansible.module_utils import container_report
from host_process import call_on_host
from questions import value

LOG_LINES = 30
START_SECONDS = 60  # for a server that was started just now
TABLES = ("agent_state", "decision_log", "memory_facts", "planning_cycles", "tool_calls")


def needs(item, servers):
    """Return what a test needs of a host with C(servers), the causes before what depends on them."""
    part = item.path.parent.name
    names = {*item.fixturenames}
    of_clients = names & {"client_answers", "on_host"}
    servers = (part,) if part in servers else servers if of_clients else ()
    settings = ("settings",) if of_clients or names & {"settings", "superuser_answers"} else ()
    address = ("address",) if of_clients else ()
    tables = ("tables",) if item.get_closest_marker("tables") else ()
    return ("engine", *servers, *settings, *address, *tables)


def observe(host, servers):
    """Return what the host says of C(servers), names, once none of them is starting any more."""
    deadline = time.monotonic() + START_SECONDS
    containers = [f"jarvis-{server}" for server in servers]
    while True:
        observed = call_on_host(host, "observation", "observe", containers, TABLES)
        if "starting" not in observed["conditions"].values() or time.monotonic() > deadline:
            return observed
        time.sleep(1)


def find_obstacles(host, servers, observed):
    """Return {what is needed: why it cannot be looked at}; C(servers) is {name: {account: variable}}."""
    if not observed["engine"]:
        return {
            "engine": "The Docker engine does not answer.\n"
            "`systemctl status docker` and `journalctl -u docker` on the host say why; a deployment starts it again."
        }
    found = {server: server_obstacle(host, f"jarvis-{server}", observed) for server in servers}
    if not observed["settings"]:
        found["settings"] = (
            "/etc/jarvis/jarvis.env is missing or empty, so clients know no address. A deployment writes it."
        )
    else:
        found["address"] = address_obstacle(observed["unknown_names"])
        found["tables"] = tables_obstacle(observed["missing_tables"])
    return {what: why for what, why in found.items() if why}


def address_obstacle(unknown):
    """Return why clients cannot find the servers at their addresses, None where they can."""
    return unknown and (
        f"The host itself does not know the name {', '.join(unknown)}, which clients are given in jarvis.env. Make it "
        "known there (name service or /etc/hosts), or set client_host to a name or an address that is."
    )


def tables_obstacle(answer):
    """Return which of the tables are not there, None where all are, or where nobody could be asked."""
    try:
        missing = [name for (name,) in value(answer)] if answer else []
    except RuntimeError as error:
        return str(error)
    return missing and (
        f"table {', '.join(missing)} is missing, and what was in it. Nothing makes it again by itself: bring it back "
        "from a dump (docs/operations.md, A table is lost)."
    )


def server_obstacle(host, name, observed):
    """Return why a server does not serve, None where it does."""
    container = observed["containers"][name]
    if not container:
        return f"{name} does not exist. A deployment makes it again, on the data that is there."
    what = observed["conditions"][name]
    if what in (None, "healthy"):
        return None
    lines = host.run(f"docker logs --tail {LOG_LINES} {name} 2>&1").stdout.splitlines()
    return container_report.of_server(container, f"is {what}", lines)
