"""Files and folders: their content, their owners, and who may read them."""

from __future__ import annotations

import os
import stat

from ansible.module_utils import access_list
from ansible.module_utils.look_record import PATH as RECORD

# Everything in these folders is ours.
FOLDERS = ["/etc/jarvis"]
# Files in folders of others that are ours, or that our programs read. The files of single servers are in their entries.
FILES = [
    "/etc/apt/apt.conf.d/52jarvis-docker",
    "/etc/default/docker",
    "/etc/docker/daemon.json",
    "/usr/local/sbin/jarvis-firewall",
]
# Its files belong to the servers. The folders in it, and their owners and modes, are managed by us.
DATA = "/var/lib/jarvis"
DATA_LEVELS = 2


def observe(facts, further):
    """Note our files and folders, and C(further) paths."""
    for folder in FOLDERS:
        for path in below(folder):
            if path != RECORD:
                note(facts, path)
    for path in [*FILES, *further]:
        if os.path.lexists(path):
            note(facts, path)
    for path in [DATA, *below(DATA, DATA_LEVELS)]:
        if os.path.isdir(path) or os.path.islink(path):
            note(facts, path)


def below(folder, levels=None):
    """Yield a folder and what is in it, in order; C(levels) limits the depth. A link is not followed."""
    if levels is None:
        yield folder
    try:
        names = sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        path = os.path.join(folder, name)
        is_folder = os.path.isdir(path) and not os.path.islink(path)
        if levels is not None:
            yield path
            if is_folder and levels > 1:
                yield from below(path, levels - 1)
        elif is_folder:
            yield from below(path)
        else:
            yield path


def note(facts, path):
    """Note one file, folder or link."""
    found = os.lstat(path)
    kind = "folder" if stat.S_ISDIR(found.st_mode) else "link" if stat.S_ISLNK(found.st_mode) else "file"
    subject = f"{kind} {path}"
    facts.note(subject, owner=f"{found.st_uid}:{found.st_gid}", mode=f"{stat.S_IMODE(found.st_mode):04o}")
    if listed := access_list.read(path):
        facts.note(subject, access_list=listed)
    if kind == "link":
        facts.note(subject, target=os.readlink(path))
    elif stat.S_ISREG(found.st_mode):
        with open(path, "rb") as stream:
            facts.note_secret(subject, content=stream.read())
