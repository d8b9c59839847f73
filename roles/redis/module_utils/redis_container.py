# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""A Redis server that is administered through its own container, whatever is published for its clients."""

from __future__ import annotations

import os
import socket
import time

from ansible.module_utils import container_remedies as remedies
from ansible.module_utils import engine_api as engine

try:
    import redis
except ImportError:
    redis = None

PORT = 6379
TIMEOUT_SECONDS = 30
PAUSE_SECONDS = 0.5
# What every release of the library keeps of the server's answer; the class of the exception differs between them.
REFUSALS = ("invalid username-password pair", "DENIED Redis is running in protected mode")


class RefusedError(Exception):
    """The server admits none of the passwords."""


class Container:
    """A container as the engine describes it."""

    def __init__(self, name, described, network):
        """Take the engine's description of a container; C(network) is the one in which its server is reached."""
        self.name = name
        self.image = described["Config"]["Image"]
        self.image_id = described["Image"]
        self.user = described["Config"]["User"]
        self.mounts = described["Mounts"]
        self.address = described["NetworkSettings"]["Networks"].get(network, {}).get("IPAddress", "")

    def path_on_host(self, path):
        """Return where the host has a folder of the container. Raises ValueError for one that is not mounted."""
        for mount in sorted(self.mounts, key=lambda mount: len(mount["Destination"]), reverse=True):
            inside = os.path.relpath(path, mount["Destination"])
            if mount.get("Source") and not inside.startswith(".."):
                return os.path.normpath(os.path.join(mount["Source"], inside))
        raise ValueError(f"{self.name} keeps {path} in itself, not on the host")


def running_container(name, network):
    """Return the running container of that name, None without one. Raises OSError where the engine does not tell."""
    described = engine.find(f"/containers/{name}/json")
    # One that waits for its next start counts as running.
    if described and described["State"]["Running"] and not described["State"]["Restarting"]:
        return Container(name, described, network)
    return None


def explained(container, error):
    """Return what the server, or the way to it, said, with what to do about it where a script holds the server up."""
    message = f"{container.name}: {error}"
    if not remedies.HELD_UP.search(message):
        return message
    named = [line for line in engine.log_lines(container.name, since="0") if "Slow script detected" in line]
    return "\n".join([message, remedies.BUSY_SCRIPT.format(name=container.name), *named[-1:]])


def is_encrypted(address):
    """Return whether a server speaks TLS alone: it has no answer to a plain question."""
    with socket.create_connection((address, PORT), TIMEOUT_SECONDS) as connection:
        connection.sendall(b"PING\r\n")
        try:
            return connection.recv(1) not in (b"+", b"-")
        except ConnectionResetError:
            return True


# The address is the container's own, which the engine gave it, so nobody else can have it, and no certificate has to
# prove that. An expired one could not even be replaced.
ENCRYPTED = {"ssl": True, "ssl_cert_reqs": "none", "ssl_check_hostname": False}


def refuses_password(error):
    """Return whether an error of the library says that the server does not admit this user with this password.

    A server that found no users at its start knows no passwords, and denies whoever comes from outside its container.
    """
    return any(word in str(error) for word in REFUSALS) or isinstance(error, redis.AuthenticationError)


def wait_until_loaded(client):
    """Wait as long as the server reads its data."""
    while True:
        try:
            client.ping()
        except redis.BusyLoadingError:
            time.sleep(PAUSE_SECONDS)
        else:
            return


def log_in(container, username, passwords):
    """Return a client that the container's server has admitted with one of the passwords.

    Raises:
        RefusedError: it admits none.
        redis.RedisError: whatever else it answers.
        OSError: it does not answer.

    """
    if not container.address:
        raise OSError(f"{container.name} has no address in the project's network")
    encryption = ENCRYPTED if is_encrypted(container.address) else {}
    for password in passwords:
        client = redis.Redis(
            host=container.address,
            port=PORT,
            username=username,
            password=password,
            decode_responses=True,
            socket_timeout=TIMEOUT_SECONDS,
            **encryption,
        )
        try:
            wait_until_loaded(client)
        except redis.RedisError as error:
            if not refuses_password(error):
                raise
        else:
            return client
    raise RefusedError(f"{container.name} admits {username} with none of the passwords that this host knows")
