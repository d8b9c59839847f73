"""What a host has: memory, disk, listeners, the engine's state. Reads only, with the standard library alone."""

from __future__ import annotations

import ipaddress
import json
import os
import shutil
import socket

from ansible.module_utils import engine_api as engine

ENGINE_SETTINGS = "/etc/docker/daemon.json"
DEFAULT_DATA_ROOT = "/var/lib/docker"
MEMORY_STEP_MB = 64
LISTEN_STATE = "0A"  # TCP_LISTEN in /proc/net/tcp, see proc(5)


def memory_mb():
    """Return the host's memory in MiB, rounded down, since another kernel sees a few MiB more or less."""
    with open("/proc/meminfo", encoding="ascii") as stream:
        return int(stream.readline().split()[1]) // 1024 // MEMORY_STEP_MB * MEMORY_STEP_MB


def disk_free_mb(path):
    """Return the MiB that are free on the file system where C(path) is or would be."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return shutil.disk_usage(path).free // 2**20


def engine_settings():
    """Return the object in the engine's settings file, {} when there is none.

    Raises ValueError when the file holds anything but a JSON object.
    """
    try:
        with open(ENGINE_SETTINGS, encoding="utf-8") as stream:
            text = stream.read()
    except FileNotFoundError:
        return {}
    settings = json.loads(text) if text.strip() else {}
    if not isinstance(settings, dict):
        raise ValueError("not a JSON object")
    return settings


def present_image_major(image):
    """Return the PostgreSQL major of an image that is on the host (its variable PG_MAJOR), else None."""
    found = engine.get(f"/images/{image}/json") or {}
    for variable in (found.get("Config") or {}).get("Env") or []:
        name, _, value = variable.partition("=")
        if name == "PG_MAJOR":
            return value
    return None


def published_ports():
    """Return [(container name, address, port)] of every port that a running container publishes."""
    return [
        (container["Names"][0].lstrip("/"), binding.get("IP") or "0.0.0.0", binding["PublicPort"])
        for container in engine.get("/containers/json") or []
        for binding in container["Ports"]
        if "PublicPort" in binding
    ]


def has_address(address):
    """Return whether the host has an IPv4 address, or it stands for all."""
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True


def listeners():
    """Return [(inode, address, port)] of every listening TCP socket of the host."""
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not os.path.exists(table):
            continue
        with open(table, encoding="ascii") as stream:
            for line in stream.readlines()[1:]:
                fields = line.split()
                address, port = fields[1].split(":")
                if fields[3] == LISTEN_STATE:
                    found.append((fields[9], unpack_address(address), int(port, 16)))
    return found


def unpack_address(packed):
    """Return the text form of an address from /proc/net/tcp: hexadecimal 32-bit words in host order."""
    words = [bytes.fromhex(packed[i : i + 8])[::-1] for i in range(0, len(packed), 8)]
    address = ipaddress.ip_address(b"".join(words))
    return str(getattr(address, "ipv4_mapped", None) or address)


def overlap(one, other):
    """Return whether listening on both addresses of the same port would collide."""
    wildcards = {"0.0.0.0", "::"}
    return one == other or one in wildcards or other in wildcards


def process_name(inode):
    """Return "name (pid N)" of the process that holds a socket, "another process" when none is seen."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        folder = f"/proc/{pid}/fd"
        try:
            held = any(os.readlink(f"{folder}/{fd}") == f"socket:[{inode}]" for fd in os.listdir(folder))
        except OSError:
            continue
        if held:
            with open(f"/proc/{pid}/comm", encoding="utf-8") as stream:
                return f"{stream.read().strip()} (pid {pid})"
    return "another process"


def port_holder(address, port, container):
    """Return who else than C(container) holds a port, None when it is free or the container's own."""
    published = published_ports()
    holders = [name for name, at, number in published if number == port and overlap(at, address)]
    if holders:
        others = [name for name in holders if name != container]
        return f"the container {others[0]}" if others else None
    for inode, at, number in listeners():
        if number == port and overlap(at, address):
            return process_name(inode)
    return None
