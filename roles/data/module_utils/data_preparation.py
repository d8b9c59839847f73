"""Bring a server's data to where its container expects it."""

from __future__ import annotations

import os

from ansible.module_utils import data_changes as changes
from ansible.module_utils import data_files as files
from ansible.module_utils import data_judgement as judgement
from ansible.module_utils import data_sockets as sockets
from ansible.module_utils.data_observation import ROOT
from ansible.module_utils.data_owner import image_user, running_user
from ansible.module_utils.data_trial import change_owner

BEGINNING = {judgement.NEW, judgement.RENEW}


def prepare(server, observed, plan, check_mode):
    """Prepare the data; yield what was, or in check mode would be, done, a sentence each that begins with the verb.

    Raises changes.ChangeError for what cannot be done, ValueError for an image without the server's user.
    """
    ids = image_user(server)
    begins = plan in BEGINNING
    new_owner = ids if plan == judgement.KEEP and ids and observed.owner != ids[0] else None
    closes = (
        not begins and server.first_start_file and changes.first_start_allowed(server.first_start_file) is not False
    )
    if plan == judgement.MOVE and not observed.half_moved:
        changes.require_room(server, observed.volume)
    if not check_mode:
        if ids is None:
            raise changes.ChangeError(f"The image {server.image} is not on the host.")
        make_homes(server)
        changes.remove(server.trial)  # left behind by an interrupted run
        if observed.running and (plan != judgement.KEEP or new_owner):
            changes.stop(server)
    if plan == judgement.MOVE:
        what = f"the data of {server.name} from the volume {server.volume} to {server.folder}"
        yield f"moved {what}" + ("" if check_mode else f" ({changes.move(server, observed)})")
    if plan == judgement.RENEW:
        yield f"set {server.folder} aside" + ("" if check_mode else f" as {changes.set_aside(server.folder)}")
    if begins:
        yield f"made {server.folder} for a new, empty database"
    if new_owner:
        yield f"given {server.folder} to the user {ids[0]} of the image {server.image}; it belonged to {observed.owner}"
    if ids and server.client_socket_folder and not begins and not sockets.are_settled(server, ids[0]):
        yield sockets.sentence(server)
    if closes:
        yield f"emptied {server.first_start_file}, so that {server.container} begins no empty database by itself"
    if not check_mode:
        if new_owner:
            change_owner(server, ids, observed.running)
        settle(server, ids, begins)


def settled_image(server, observed, plan):
    """Return the name of the running server's image if its data needs no preparation with it, else an empty text."""
    found = running_user(server)
    file = server.first_start_file
    settled = (
        found
        and plan == judgement.KEEP
        and observed.recorded
        and observed.owner == found[1]
        and not (file and changes.first_start_allowed(file) is not False)
        and not (server.socket_folder and not os.path.isdir(server.socket_folder))
        and not (server.client_socket_folder and not sockets.are_settled(server, found[1]))
    )
    return found[0] if settled else ""


def make_homes(server):
    """Make the folders above the data. They belong to root and are closed to others."""
    changes.make_folder(ROOT, 0o755)
    changes.make_folder(server.home, 0o700)


def settle(server, ids, begins):
    """Make the folders that the container mounts and give them to the user of its image."""
    uid, gid = ids
    if begins:
        changes.make_folder(server.folder, 0o700, uid, gid)
        if server.kind == "redis":
            changes.make_folder(os.path.join(server.folder, files.REDIS_FOLDER), 0o700, uid, gid)
    elif os.stat(server.folder).st_uid != uid:
        changes.hand_over(server.folder, uid, gid)
    if server.socket_folder:
        changes.make_folder(server.socket_folder, 0o700, uid, gid)
        # A killed server may have left files there, such as a lock file, which would stop a server of another user.
        changes.hand_over(server.socket_folder, uid, gid)
    if server.client_socket_folder:
        sockets.settle(server, uid, gid)
    if server.first_start_file:
        changes.allow_first_start(server.first_start_file, begins)
