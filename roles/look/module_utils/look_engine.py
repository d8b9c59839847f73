"""What the engine says about itself, the network, volumes and images, and the servers' containers."""

from __future__ import annotations

import json
import urllib.parse

from ansible.module_utils import container_mounts, preflight_ports
from ansible.module_utils import engine_api as engine

NETWORK = "jarvis"
OF_ENGINE = ["ServerVersion", "LiveRestoreEnabled", "DockerRootDir", "LoggingDriver", "CgroupDriver", "SecurityOptions"]
OF_NETWORK = ["Id", "Driver", "EnableIPv6", "IPAM", "Internal", "Options", "Labels"]
# Each of them is told by its name.
OF_CONTAINER = ["Config", "HostConfig"]


def observe(facts, containers, images):
    """Note all of these facts; C(containers) and C(images) are names. Raises OSError if the engine does not answer."""
    told = engine.find("/info") or {}
    facts.note_all("engine", {name: told.get(name) for name in OF_ENGINE})
    network = engine.find(f"/networks/{NETWORK}")
    if network:
        facts.note_all(f"network {NETWORK}", {name: network.get(name) for name in OF_NETWORK})
    filters = urllib.parse.quote(json.dumps({"name": [NETWORK]}))
    for volume in (engine.find(f"/volumes?filters={filters}") or {}).get("Volumes") or []:
        facts.note(f"volume {volume['Name']}", made=volume.get("CreatedAt"), place=volume["Mountpoint"])
    for name in images:
        found = engine.find(f"/images/{name}/json")
        if found:
            facts.note(f"image {name}", id=found["Id"])
    for name in containers:
        found = engine.find(f"/containers/{name}/json")
        if found:
            observe_container(facts, f"container {name}", name, found)


def observe_container(facts, subject, name, found):
    """Note a container, with doubts if its mounts or its published ports are not what they seem."""
    state = found["State"]
    facts.note(
        subject,
        id=found["Id"],
        image=found["Image"],
        state=state["Status"],
        health=(state.get("Health") or {}).get("Status"),
        networks=sorted((found["NetworkSettings"].get("Networks") or {}).keys()),
    )
    for part in OF_CONTAINER:
        facts.note_all(subject, {f"{part}.{key}": value for key, value in found[part].items()})
    for mount in sorted(found["Mounts"], key=lambda mount: mount["Destination"]):
        of_mount = {key: mount.get(key) for key in ("Type", "Source", "RW")}
        facts.note_all(subject, {f"mount {mount['Destination']}": of_mount})
    for path in container_mounts.stale_mounts(found):
        facts.doubt(f"{subject}: {path} on the host is no longer what it mounts")
    for lost in container_mounts.lost_networks(found):
        facts.doubt(f"{subject}: its network {lost} is gone")
    for doubt in preflight_ports.doubts(name):
        facts.doubt(doubt)
