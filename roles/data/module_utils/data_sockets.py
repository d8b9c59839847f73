"""The folder of a server's socket for local applications, and the gate before it: who may come there.

PostgreSQL knows who comes over a socket by the number of the user alone, and takes its own number for the superuser. A
user of the host may have that number. So the gate, the folder above, refuses the users that the servers run as, in
whatever groups they are. A server itself does not pass through the gate: its container mounts the folder behind it.
"""

from __future__ import annotations

import grp
import os
import stat

from ansible.module_utils import access_list
from ansible.module_utils import data_changes as changes

GROUP = "jarvis"
OPEN, CLOSED = 0o750, 0o700
# Of the folder behind the gate. Clients have to find the socket there.
FOLDER = 0o755


def gate_of(server):
    """Return the gate's path."""
    return os.path.dirname(server.client_socket_folder)


def group_id():
    """Return the number of the group that may pass, None while it does not exist."""
    try:
        return grp.getgrnam(GROUP).gr_gid
    except KeyError:
        return None


def owners_behind(gate):
    """Return the users that own the folders behind a gate: those that the servers run as."""
    with os.scandir(gate) as entries:
        return {entry.stat(follow_symlinks=False).st_uid for entry in entries}


def state_of(path):
    """Return (mode, owner, group, access list) of a folder, None where there is none."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    return stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, access_list.read(path)


def are_settled(server, uid):
    """Return whether the gate and the folder behind it are as they should be for a server that runs as C(uid)."""
    gate, folder = gate_of(server), server.client_socket_folder
    behind = state_of(folder)
    if behind is None or (behind[0], behind[1], behind[3]) != (FOLDER, uid, ""):
        return False
    if not server.client_socket_enabled:
        return state_of(gate) == (CLOSED, 0, 0, "")
    refusing = access_list.refusing(OPEN, owners_behind(gate))
    return state_of(gate) == (OPEN, 0, group_id(), ",".join(map(access_list.entry_text, refusing)))


def settle(server, uid, gid):
    """Make the folder, give it to the server's user, and let through the gate whom it is for."""
    gate, folder = gate_of(server), server.client_socket_folder
    if not os.path.isdir(gate):
        os.mkdir(gate, CLOSED)
    # Before the folder is this user's, nobody with that number may come there any more.
    settle_gate(server, {uid})
    changes.make_folder(folder, FOLDER, uid, gid)
    access_list.remove(folder)
    # What a killed server has left there, a lock file for one, would stand in another user's way.
    changes.hand_over(folder, uid, gid)
    settle_gate(server, set())


def settle_gate(server, further):
    """Let the group through the gate, but not the owners of the folders behind it, nor C(further) users."""
    gate = gate_of(server)
    if server.client_socket_enabled:
        os.chown(gate, 0, group_id())
        access_list.write(gate, access_list.refusing(OPEN, owners_behind(gate) | further))
    else:
        access_list.remove(gate)
        changes.make_folder(gate, CLOSED)


def sentence(server):
    """Return what is done to the gate, in words that begin with it."""
    if server.client_socket_enabled:
        return f"opened {server.client_socket_folder} to the group {GROUP}, without users that servers run as"
    return f"closed {gate_of(server)}, because client_sockets_enabled is false"
