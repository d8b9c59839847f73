#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: make a running Redis agree with its configuration files."""

from __future__ import annotations

DOCUMENTATION = r"""
module: redis_live_config
short_description: Bring settings and users to a running Redis without a restart
description:
  - Compares the given settings with the running server's and sets those that differ (C(CONFIG SET)).
  - Compares the users in the server's ACL file with the running server's and loads the file when they differ
    (C(ACL LOAD)). Loading disconnects clients, so it is never done for nothing.
  - Compares the certificate that the server presents with its file and lets it read the file when they differ.
  - Tells which settings the server takes only at a start, and restarts nothing itself.
  - Reaches the server through its container. Its published port may be answered by somebody else while it is away.
options:
  container:
    description: Name of the server's container.
    type: str
    required: true
  network:
    description: Network in which the container is reached.
    type: str
    required: true
  username:
    description: User that may administer the server.
    type: str
    required: true
  password:
    description: The user's password.
    type: str
    required: true
  previous_passwords:
    description: Those before, one of which a running server still has until it loads its users.
    type: list
    elements: str
    default: []
  settings:
    description: Settings by name, as they stand in the configuration file.
    type: dict
    required: true
  users_file:
    description: Path on the managed host of the server's ACL file.
    type: path
    required: true
  users_pending:
    description: Whether a preview would have written another ACL file.
    type: bool
    default: false
  certificate_file:
    description: Path on the managed host of the server's certificate; without it, connections are not encrypted.
    type: path
  socket_file:
    description: Path on the managed host of the server's unix socket. Where it is gone, the server needs a restart.
    type: path
requirements: ["redis (Python), 3.5 or newer"]
attributes:
  check_mode:
    support: full
    description: Tells what differs. Sets what is set already, which changes nothing and tells what needs a start.
author: Jarvis data tier
"""

EXAMPLES = r"""
- name: Bring settings and users to the running server
  redis_live_config:
    container: jarvis-redis
    network: jarvis
    username: admin
    password: "{{ redis_admin_password }}"
    settings: {maxmemory: 512mb}
    users_file: /etc/jarvis/secrets/redis/users.acl
  no_log: true
"""

RETURN = r"""
version:
  description: Version of the server, empty when it refused the password.
  type: str
  returned: success
changed_settings:
  description: Settings that were, or in check mode would be, set.
  type: list
  elements: str
  returned: success
users_loaded:
  description: Whether the users were, or in check mode would be, loaded.
  type: bool
  returned: success
certificate_loaded:
  description: Whether the certificate was, or in check mode would be, loaded.
  type: bool
  returned: success
restart:
  description:
    - What the server takes only at a start, as names of settings.
    - C(users) when it refuses all passwords, so that nobody can tell it of new ones.
    - C(socket) when its unix socket is gone.
  type: list
  elements: str
  returned: success
"""

import os
import re
import ssl

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.redis_container import (
    PORT,
    TIMEOUT_SECONDS,
    RefusedError,
    explained,
    log_in,
    redis,
    running_container,
)

NAMES_OF_FILES = ("appenddirname", "appendfilename")
UNITS = {"": 1, "k": 1000, "kb": 1024, "m": 1000**2, "mb": 1024**2, "g": 1000**3, "gb": 1024**3}


def normal_value(value):
    """Return a setting's value in the form in which two spellings of it are equal: sizes in bytes, no quotes."""
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value).strip().strip('"')
    size = re.fullmatch(r"(\d+)(k|kb|m|mb|g|gb)?", text.lower())
    return str(int(size.group(1)) * UNITS[size.group(2) or ""]) if size else text


def users(lines):
    """Return {user name: what it logs in with} of the lines of an ACL file or of C(ACL LIST).

    The server rewrites a user's permissions in words of its own, so these are compared by the name of the
    revision user alone, which the ACL file derives from its content.
    """
    tokens = [line.split() for line in lines if line.strip()]
    return {
        words[1]: {word for word in words[2:] if word in ("on", "off", "nopass") or word.startswith("#")}
        for words in tokens
        if words[0] == "user"
    }


def first_certificate(path):
    """Return the first certificate of a file, as a server presents it before those that signed it."""
    with open(path, encoding="ascii") as stream:
        text = stream.read()
    return ssl.PEM_cert_to_DER_cert(text[: text.index(ssl.PEM_FOOTER) + len(ssl.PEM_FOOTER)])


def presented_certificate(address):
    """Return the certificate that a server presents."""
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((address, PORT), timeout=TIMEOUT_SECONDS))


class LiveServer:
    """A running server and what is done to it. Raises redis.RedisError on whatever the server refuses."""

    def __init__(self, client, check_mode):
        """Take an open client; C(check_mode) only looks."""
        self.client = client
        self.check_mode = check_mode
        self.changed_settings = []
        self.restart = []

    def bring_certificate(self, path, presented):
        """Let the server read its certificate and key again where it presents another; return whether it did."""
        differs = first_certificate(path) != presented
        if differs and not self.check_mode:
            names = ("tls-cert-file", "tls-key-file")
            paths = {name: self.client.config_get(name)[name] for name in names}
            # In one command: a certificate alone would not fit the other's key.
            self.client.execute_command("CONFIG SET", *(word for pair in paths.items() for word in pair))
        return differs

    def bring_setting(self, name, value):
        """Set one setting where it differs. Raises ValueError when the server does not know it."""
        found = self.client.config_get(name)
        if name not in found:
            raise ValueError(f"Redis does not know the setting {name!r}. Correct redis_settings.")
        if normal_value(found[name]) == normal_value(value):
            return
        if name in NAMES_OF_FILES:
            raise ValueError(
                f"{name} is {found[name]}, and with {value} the next start would find no data. Correct redis_settings."
            )
        # A preview sets what is there, which changes nothing, and tells what only a start can set.
        wanted = found[name] if self.check_mode else normal_value(value)
        try:
            self.client.config_set(name, wanted)
        except redis.ResponseError as error:
            if not re.search("immutable|protected", str(error)):
                raise ValueError(f"Redis refuses {name} = {wanted!r}: {error}. Correct redis_settings.") from error
            self.restart.append(name)
            return
        if not self.check_mode and self.client.config_get(name) == found:
            return
        self.changed_settings.append(name)

    def bring_users(self, path, pending):
        """Load the users where they differ, or their file would (C(pending)); return whether they did."""
        with open(path, encoding="utf-8") as stream:
            wanted = users(stream)
        differ = pending or wanted != users(self.client.execute_command("ACL LIST"))
        if differ and not self.check_mode:
            self.client.execute_command("ACL LOAD")
        return differ


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "container": {"type": "str", "required": True},
            "network": {"type": "str", "required": True},
            "username": {"type": "str", "required": True},
            "password": {"type": "str", "required": True, "no_log": True},
            "previous_passwords": {"type": "list", "elements": "str", "default": [], "no_log": True},
            "settings": {"type": "dict", "required": True},
            "users_file": {"type": "path", "required": True},
            "users_pending": {"type": "bool", "default": False},
            "certificate_file": {"type": "path"},
            "socket_file": {"type": "path"},
        },
        supports_check_mode=True,
    )
    if redis is None:
        module.fail_json(msg=missing_required_lib("redis"))
    given = module.params
    try:
        container = running_container(given["container"], given["network"])
    except OSError as error:
        module.fail_json(msg=str(error))
    if container is None:
        module.fail_json(msg=f"{given['container']} does not run, so it cannot be told of its settings. Deploy again")
    encrypted = given["certificate_file"] is not None
    try:
        client = log_in(container, given["username"], [given["password"], *given["previous_passwords"]])
        server = LiveServer(client, module.check_mode)
        version = client.info("server")["redis_version"]
        certificate_loaded = encrypted and server.bring_certificate(
            given["certificate_file"], presented_certificate(container.address)
        )
        for name, value in given["settings"].items():
            server.bring_setting(name, value)
        if given["socket_file"] and not os.path.exists(given["socket_file"]):
            server.restart.append("socket")  # only a start makes it
        users_loaded = server.bring_users(given["users_file"], given["users_pending"] and module.check_mode)
    except RefusedError:
        module.exit_json(changed=False, version="", changed_settings=[], users_loaded=False, restart=["users"])
    except (redis.RedisError, OSError, ValueError) as error:
        module.fail_json(msg=explained(container, error))
    module.exit_json(
        changed=bool(server.changed_settings) or users_loaded or certificate_loaded,
        version=version,
        changed_settings=server.changed_settings,
        users_loaded=users_loaded,
        certificate_loaded=certificate_loaded,
        restart=server.restart,
    )


if __name__ == "__main__":
    main()
