#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: let a running Redis load at its next start all that its append-only file holds."""

from __future__ import annotations

DOCUMENTATION = r"""
module: redis_loading_rights
short_description: Let a running Redis load its whole append-only file at its next start
description:
  - Redis loads its append-only file as the user C(default). One without rights loses every transaction and script then.
  - Asks the running server whether that user has all rights. One that has them, does not run, or admits none of the
    passwords is left alone.
  - Otherwise gives them to it, keeps the append-only files as they are in a folder beside theirs, and then has them
    written anew from memory. A server that was started without the rights holds in memory less than these files, and
    what its clients have done since rests on what it holds in memory.
  - The copy is made of hard links, so it takes no room, and the server writes into none of them afterwards.
  - A run that ends anywhere is completed by the next. The server keeps a disabled user until everything is done.
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
  password_files:
    description: Files on the managed host with the user's passwords, the present one and those before, one a line.
    type: list
    elements: path
    required: true
requirements: ["redis (Python), 3.5 or newer"]
attributes:
  check_mode:
    support: full
    description: Tells whether there is something to do.
author: Jarvis data tier
"""

EXAMPLES = r"""
- name: Let the running server load its whole file at its next start
  redis_loading_rights:
    container: jarvis-redis
    network: jarvis
    username: admin
    password_files: [/etc/jarvis/secrets/redis_admin_password]
"""

RETURN = r"""
copies:
  description: Folders on the managed host with append-only files as they were, of this run and those of C(lost).
  type: list
  elements: str
  returned: when the server was asked
lost:
  description: Those that hold transactions or scripts which the server did not load when it started. Named by every run
    until somebody removes them.
  type: list
  elements: str
  returned: when the server was asked
image:
  description: Image of the server, which can read the copies.
  type: str
  returned: when the server was asked
"""

import os
import re
import shutil
import time

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.redis_container import RefusedError, explained, log_in, redis, running_container

ALL_RIGHTS = {"~*", "&*", "+@all"}
UNFINISHED = "loading-rights-unfinished"
COPY, COPY_OF_MORE = "append-only-copy-", "append-only-copy-of-more-"
PAUSE_SECONDS = 0.2
BEGIN_SECONDS = 60  # a rewrite begins within this time after the request
# The kinds of files in a manifest that count: base and increment, but not history. See
# https://github.com/redis/redis/blob/7.0/src/aof.c
BASE, LOADED = "b", "bi"


def words_of(lines, name):
    """Return the words after a user's name in the lines of C(ACL LIST), none if there is no such user."""
    return next((set(line.split()[2:]) for line in lines if line.split()[1] == name), set())


def is_settled(lines):
    """Return whether C(default) has all rights. They do not count if the run that gave them was interrupted."""
    default = words_of(lines, "default")
    return (
        default >= ALL_RIGHTS and not any(word.startswith("-") for word in default) and not words_of(lines, UNFINISHED)
    )


def files_of(manifest, kinds):
    """Return the names of the files of some kinds that a manifest lists."""
    return re.findall(rf"^file (\S+) seq \d+ type [{kinds}]", manifest, re.MULTILINE)


class AppendOnlyFiles:
    """The append-only files of a running server, as the host sees them."""

    def __init__(self, client, container):
        """Find them."""
        self.client = client
        data = container.path_on_host(self.setting("dir"))
        self.folder = os.path.join(data, self.setting("appenddirname"))
        self.manifest = os.path.join(self.folder, self.setting("appendfilename") + ".manifest")
        self.data = data

    def setting(self, name):
        """Return a setting of the server."""
        return self.client.config_get(name)[name]

    def manifest_text(self):
        """Return the manifest."""
        with open(self.manifest, encoding="utf-8") as stream:
            return stream.read()

    def wait_until_written(self):
        """Wait until no rewrite is under way; return what the server says of the last one.

        Raises ValueError for one that the server does not begin.
        """
        deadline = time.monotonic() + BEGIN_SECONDS
        while True:
            state = self.client.info("persistence")
            if state["aof_rewrite_in_progress"]:
                deadline = time.monotonic() + BEGIN_SECONDS
            elif not state["aof_rewrite_scheduled"]:
                return state["aof_last_bgrewrite_status"]
            elif time.monotonic() > deadline:
                raise ValueError("Redis does not begin to write its append-only file anew; its log says why")
            time.sleep(PAUSE_SECONDS)

    def more_than_memory(self):
        """Return whether the server refused a part of these files when it loaded them."""
        refused = self.client.info("stats")["unexpected_error_replies"] > 0
        return refused and self.client.info("persistence")["aof_rewrites"] == 0

    def keep(self):
        """Keep the files as they are now in a folder beside their own; return the manifest that was kept."""
        name = COPY_OF_MORE if self.more_than_memory() else COPY
        while True:
            self.wait_until_written()
            text = self.manifest_text()
            # The server may rewrite its files by itself meanwhile. Then it removes the old ones, and changes the
            # manifest.
            try:
                self.link(text, os.path.join(self.data, name))
            except FileNotFoundError:
                if self.manifest_text() == text:
                    raise
                continue
            if self.manifest_text() == text:
                return text

    def link(self, text, name):
        """Make the folder for one state of the manifest, which numbers its files."""
        kept = name + max(re.findall(r" seq (\d+)", text), key=int)
        if os.path.isdir(kept):
            return
        unfinished = f"{kept}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        os.mkdir(unfinished, 0o700)
        for file in files_of(text, LOADED):
            os.link(os.path.join(self.folder, file), os.path.join(unfinished, file))
        shutil.copy2(self.manifest, unfinished)
        owner = os.stat(self.folder)
        for path in (unfinished, os.path.join(unfinished, os.path.basename(self.manifest))):
            os.chown(path, owner.st_uid, owner.st_gid)
        os.rename(unfinished, kept)

    def write_anew(self, kept):
        """Make the server write its files anew from memory, and wait for it. C(kept) is the manifest from before.

        Only a new base file proves that it did. A rewrite that begins, and then fails, just adds an increment.
        """
        asked = False
        while True:
            status = self.wait_until_written()
            if files_of(self.manifest_text(), BASE) != files_of(kept, BASE):
                return
            # A rewrite that failed before this run does not matter.
            if asked and status != "ok":
                raise ValueError("Redis could not write its append-only file anew; its log says why")
            self.client.execute_command("BGREWRITEAOF")
            asked = True
            time.sleep(PAUSE_SECONDS)

    def copies(self, prefix):
        """Return the folders that were kept."""
        return sorted(
            os.path.join(self.data, name) for name in os.listdir(self.data) if re.fullmatch(rf"{prefix}\d+", name)
        )


def known_passwords(paths):
    """Return the passwords in the files that are there."""
    found = []
    for path in paths:
        if os.path.exists(path):
            with open(path, encoding="utf-8") as stream:
                found += stream.read().splitlines()
    return found


def append_only_files(client, container):
    """Return the server's append-only files, None where it keeps none."""
    return AppendOnlyFiles(client, container) if client.config_get("appendonly")["appendonly"] == "yes" else None


def give_rights(client, files):
    """Give the rights, and rewrite the files from memory; return the folders in which the old files are kept."""
    client.execute_command("ACL SETUSER", UNFINISHED, "off")
    client.execute_command("ACL SETUSER", "default", "off", "resetpass", "resetchannels", "~*", "&*", "+@all")
    if files:
        files.write_anew(files.keep())
    client.execute_command("ACL DELUSER", UNFINISHED)
    return files.copies(COPY) if files else []


def main():
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "container": {"type": "str", "required": True},
            "network": {"type": "str", "required": True},
            "username": {"type": "str", "required": True},
            "password_files": {"type": "list", "elements": "path", "required": True, "no_log": False},
        },
        supports_check_mode=True,
    )
    given = module.params
    try:
        container = running_container(given["container"], given["network"])
    except OSError as error:
        module.fail_json(msg=str(error))
    if container is None:
        module.exit_json(changed=False)
    if redis is None:
        module.fail_json(msg=missing_required_lib("redis"))
    try:
        client = log_in(container, given["username"], known_passwords(given["password_files"]))
        files = append_only_files(client, container)
        settled = is_settled(client.execute_command("ACL LIST"))
        copies = [] if settled or module.check_mode else give_rights(client, files)
        lost = files.copies(COPY_OF_MORE) if files else []
    except (ConnectionRefusedError, RefusedError):
        # Either the server has nothing in memory yet, or nobody can log in. Its next start loads the content of the
        # files.
        module.exit_json(changed=False)
    except (redis.RedisError, OSError, ValueError) as error:
        module.fail_json(msg=explained(container, error))
    module.exit_json(changed=not settled, copies=sorted(copies + lost), lost=lost, image=container.image)


if __name__ == "__main__":
    main()
