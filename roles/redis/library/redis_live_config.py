#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: make a running Redis agree with its configuration files."""

from __future__ import annotations

DOCUMENTATION = r"""
module: redis_live_config
short_description: Bring settings and users to a running Redis without a restart
description:
  - Compares the given settings with the running server's and sets those that differ (C(CONFIG SET)). With the text of
    the configuration file, compares all other settings with those of a server that starts with this file, too.
  - Compares the users in the server's ACL file with the running server's and loads the file when they differ
    (C(ACL LOAD)). Loading disconnects clients, so it is never done for nothing.
  - Compares the certificate that the server presents with its file, and makes it read the file if they differ.
  - Returns which settings the server takes only at a start. Restarts nothing itself.
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
    description: Earlier passwords. A running server has one of these until it loads its users.
    type: list
    elements: str
    default: []
  settings:
    description: Settings by name, as they stand in the configuration file.
    type: dict
    required: true
  configuration:
    description:
      - Text of the configuration file. Settings that it does not have go back to what a start of the server gives them.
      - To find these out, a server starts for a moment in another container. Without a text, they stay as they are.
    type: str
    default: ""
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
    description: Returns what differs. Sets settings to their present values, which shows those that need a start.
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
from ansible.module_utils.redis_live_settings import LiveSettings, settings_of_a_start


def users(lines):
    """Return {user name: its flags and password hashes} from the lines of an ACL file or of C(ACL LIST).

    Permissions are left out, since the server rewrites them in its own words. The revision user stands for them: its
    name is derived from the content of the ACL file.
    """
    tokens = [line.split() for line in lines if line.strip()]
    return {
        words[1]: {word for word in words[2:] if word in ("on", "off", "nopass") or word.startswith("#")}
        for words in tokens
        if words[0] == "user"
    }


def first_certificate(path):
    """Return the first certificate of a file, which is the server's own; those that signed it follow."""
    with open(path, encoding="ascii") as stream:
        text = stream.read()
    return ssl.PEM_cert_to_DER_cert(text[: text.index(ssl.PEM_FOOTER) + len(ssl.PEM_FOOTER)])


def presented_certificate(address):
    """Return the certificate that a server presents."""
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((address, PORT), timeout=TIMEOUT_SECONDS))


class LiveServer:
    """The users and the certificate of a running server. Raises redis.RedisError if the server refuses one."""

    def __init__(self, client, check_mode):
        """Take an open client. In C(check_mode), nothing is changed."""
        self.client = client
        self.check_mode = check_mode

    def bring_certificate(self, path, presented):
        """Make the server read its certificate and key again if it presents another one; return whether it did."""
        differs = first_certificate(path) != presented
        if differs and not self.check_mode:
            names = ("tls-cert-file", "tls-key-file")
            paths = {name: self.client.config_get(name)[name] for name in names}
            # Both are set in one command, because the new certificate would not fit the old key.
            self.client.execute_command("CONFIG SET", *(word for pair in paths.items() for word in pair))
        return differs

    def bring_users(self, path, pending):
        """Load the users if they differ, or if their file does in a preview (C(pending)); return whether they did."""
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
            "configuration": {"type": "str", "default": ""},
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
        settings = LiveSettings(client, module.check_mode)
        settings.bring(given["settings"])
        if given["configuration"]:
            started = settings_of_a_start(container, given["configuration"], encrypted)
            settings.take_back(given["settings"], started)
        if given["socket_file"] and not os.path.exists(given["socket_file"]):
            settings.restart.append("socket")  # only a start makes it
        users_loaded = server.bring_users(given["users_file"], given["users_pending"] and module.check_mode)
    except RefusedError:
        module.exit_json(changed=False, version="", changed_settings=[], users_loaded=False, restart=["users"])
    except (redis.RedisError, OSError, ValueError) as error:
        module.fail_json(msg=explained(container, error))
    module.exit_json(
        changed=bool(settings.changed) or users_loaded or certificate_loaded,
        version=version,
        changed_settings=settings.changed,
        users_loaded=users_loaded,
        certificate_loaded=certificate_loaded,
        restart=settings.restart,
    )


if __name__ == "__main__":
    main()
