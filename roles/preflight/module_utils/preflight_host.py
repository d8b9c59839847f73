"""Find out what a host has: memory, disk, addresses, images. Changes nothing, and uses the standard library alone."""

from __future__ import annotations

import os
import shutil
import socket

from ansible.module_utils import engine_api as engine

DEFAULT_DATA_ROOT = "/var/lib/docker"
MEMORY_STEP_MB = 64


def memory_mb():
    """Return the host's memory in MiB, rounded down, since another kernel sees a few MiB more or less."""
    with open("/proc/meminfo", encoding="ascii") as stream:
        return int(stream.readline().split()[1]) // 1024 // MEMORY_STEP_MB * MEMORY_STEP_MB


def disk_usage(path):
    """Return the total, used and free bytes of the file system on which C(path) is or would be."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return shutil.disk_usage(path)


def disk_free_mb(path):
    """Return the free MiB of the file system on which C(path) is or would be."""
    return disk_usage(path).free // 2**20


def disk_size_mb(path):
    """Return the size in MiB of the file system on which C(path) is or would be."""
    return disk_usage(path).total // 2**20


def present_image_major(image):
    """Return the PostgreSQL major of an image that is on the host (its variable PG_MAJOR), else None."""
    found = engine.get(f"/images/{image}/json") or {}
    for variable in (found.get("Config") or {}).get("Env") or []:
        name, _, value = variable.partition("=")
        if name == "PG_MAJOR":
            return value
    return None


def has_address(address):
    """Return whether the host has an IPv4 address; True for the one that stands for all."""
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True
