"""Find out what a data folder holds. Its files are read, so no server has to run. Standard library only."""

from __future__ import annotations

import os
import struct

# Cluster-wide facts: https://github.com/postgres/postgres/blob/REL_16_STABLE/src/include/catalog/pg_control.h
CONTROL_FILE = "global/pg_control"
CONTROL_SIZE = 8192  # bytes
CONTROL_HEAD = struct.Struct("=QI")  # system identifier, version of the file's layout
CONTROL_VERSIONS = range(900, 3000)
# initdb makes these before anything that a person could have made in the database.
CLUSTER_ENTRIES = {"PG_VERSION", "base", "global", "pg_wal", ".first-start-unfinished"}
TEMPLATE_DATABASES = 3  # template1, template0 and postgres; initdb makes the last of them last
FIRST_USER_OBJECT = 16384  # FirstNormalObjectId
# Redis' files are in a subfolder, which only a first deployment makes.
REDIS_FOLDER = "db"
REDIS_MARKER = "identity"
APPEND_ONLY_MANIFEST = ".manifest"
# This file is left in a volume whose data was moved, so that an earlier release, which knows only the volume, does not
# begin an empty database there.
MOVED_FOLDER = "moved-to-var-lib-jarvis"
# A new file system contains these by itself.
FILE_SYSTEM_ENTRIES = {"lost+found"}


class Content:
    """What a folder holds: C(state) is absent, empty, unfinished, damaged, unknown or data."""

    def __init__(self, state, identity=None, major=None, append_only=False):
        """Take the state; for data also its identity, PostgreSQL's major, and if Redis has an append-only file."""
        self.state = state
        self.identity = identity
        self.major = major
        self.append_only = append_only


def entries(folder):
    """Return the names in a folder, None when there is no such folder."""
    try:
        return set(os.listdir(folder)) - FILE_SYSTEM_ENTRIES
    except (FileNotFoundError, NotADirectoryError):
        return None


def first_line(path):
    """Return the first line of a file, an empty string when it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.readline().strip()
    except OSError:
        return ""


def system_identifier(folder):
    """Return the system identifier of a cluster as text, None when its control file cannot be read."""
    try:
        with open(os.path.join(folder, CONTROL_FILE), "rb") as stream:
            content = stream.read()
    except OSError:
        return None
    if len(content) != CONTROL_SIZE:
        return None
    identifier, version = CONTROL_HEAD.unpack_from(content)
    return str(identifier) if identifier and version in CONTROL_VERSIONS else None


def postgres_content(folder):
    """Return the C(Content) of a PostgreSQL data folder."""
    names = entries(folder)
    if names is None:
        return Content("absent")
    if not names:
        return Content("empty")
    major = first_line(os.path.join(folder, "PG_VERSION")) or None
    databases = [int(name) for name in entries(os.path.join(folder, "base")) or () if name.isdigit()]
    complete = [
        number for number in databases if os.path.exists(os.path.join(folder, "base", str(number), "PG_VERSION"))
    ]
    identity = system_identifier(folder)
    if major and identity and len(complete) >= TEMPLATE_DATABASES:
        return Content("data", identity, major)
    if any(number >= FIRST_USER_OBJECT for number in databases):
        return Content("damaged", identity, major)
    return Content("unfinished" if names & CLUSTER_ENTRIES else "unknown", identity, major)


def redis_content(folder):
    """Return the C(Content) of a Redis data folder."""
    if entries(folder) is None:
        return Content("absent")
    inner = os.path.join(folder, REDIS_FOLDER)
    names = entries(inner)
    if not names:
        return Content("unknown" if entries(folder) - {REDIS_FOLDER} else "empty")
    identity = first_line(os.path.join(inner, REDIS_MARKER)) or None
    return Content("data", identity, append_only=has_append_only_file(inner))


def old_redis_content(folder):
    """Return the C(Content) of a volume of an earlier release, in which Redis' files lie at the top."""
    names = entries(folder)
    if names is None:
        return Content("absent")
    # The files that an earlier move has left behind do not count as data.
    names = {name for name in names if name.endswith((".rdb", ".aof")) or name == "appendonlydir"}
    return Content("data", append_only=has_append_only_file(folder)) if names else Content("empty")


def has_append_only_file(folder):
    """Return whether a folder holds Redis' append-only files, which their manifest names."""
    return any(name.endswith(APPEND_ONLY_MANIFEST) for name in entries(os.path.join(folder, "appendonlydir")) or ())


def same_folder(one, other):
    """Return whether two paths lead to the same folder, by whatever mounts."""
    try:
        return os.path.samestat(os.stat(one), os.stat(other))
    except OSError:
        return False


def mount_points():
    """Return every path at which a file system, or a part of one, is mounted; see proc(5), mountinfo."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        return {line.split()[4] for line in stream}


def working_processes(folder):
    """Return {process id: name} of the processes that work in a folder, in any container or none."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if same_folder(f"/proc/{pid}/cwd", folder):
            found[int(pid)] = first_line(f"/proc/{pid}/comm")
    return found


def same_container(pid, other):
    """Return whether two processes have the same namespace of process numbers, as the processes of one container have.

    Return True if one has ended meanwhile, since servers start short-lived processes.
    """
    try:
        return os.readlink(f"/proc/{pid}/ns/pid") == os.readlink(f"/proc/{other}/ns/pid")
    except FileNotFoundError:
        return True
