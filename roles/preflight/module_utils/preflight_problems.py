"""What is wrong with a host, a sentence each that names the remedy."""

from __future__ import annotations

from ansible.module_utils import preflight_host as host
from ansible.module_utils import preflight_platform as platform
from ansible.module_utils import preflight_ports as ports

# The servers' data is in this folder.
SERVERS_FOLDER = "/var/lib/jarvis"


def platform_problems(given):
    """Yield the problems of a system that is not supported."""
    yield from platform.platform_problems(
        given["distribution"],
        given["distribution_version"],
        given["architecture"],
        given["supported_distributions"],
        given["supported_architectures"],
    )


def capacity_problems(given, memory, data_root):
    """Yield the problems of a host that is too small."""
    if memory < given["min_memory_mb"]:
        yield (
            f"The host has {memory} MiB of memory, and preflight_min_memory_mb asks for {given['min_memory_mb']}. "
            "Use a larger host, or lower the variable if you know that it suffices."
        )
    for folder in dict.fromkeys([data_root, SERVERS_FOLDER]):
        free = host.disk_free_mb(folder)
        if free < given["min_disk_mb"]:
            yield (
                f"{folder} has {free} MiB free, and preflight_min_disk_mb asks for {given['min_disk_mb']}. "
                "Free some space, or lower the variable if you know that it suffices."
            )


def address_problems(given):
    """Yield the problems of addresses that the host does not have."""
    for server in given["servers"]:
        if not host.has_address(server["address"]):
            yield (
                f"{server['name']}_bind_address is {server['address']}, which is no address of this host. Use one that "
                "it has, 0.0.0.0 for all of them, or 127.0.0.1 for this host alone."
            )


def port_problems(given):
    """Yield the problems of ports that something else holds."""
    for server in given["servers"]:
        address, port = server["address"], server["port"]
        holder = ports.port_holder(address, port, server["container"])
        if holder:
            yield (
                f"{server['name']}_port is {port}, but {address}:{port} is already in use by {holder}. Stop it, or "
                f"set {server['name']}_port to a free port."
            )


def major_problems(given):
    """Yield the problem of data that the image cannot read."""
    if given["postgres_image"]:
        wanted = platform.image_major(
            given["postgres_image"],
            host.present_image_major(given["postgres_image"]),
            given["postgres_archive_major"],
        )
        yield from platform.major_problems(given["postgres_image"], wanted, given["postgres_data_major"])
