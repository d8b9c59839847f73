"""Access lists of folders, which name single users. In the kernel's own format: a bare host lacks setfacl."""

from __future__ import annotations

import errno
import os
import struct

ATTRIBUTE = "system.posix_acl_access"
# https://github.com/torvalds/linux/blob/master/include/uapi/linux/posix_acl_xattr.h
HEADER = struct.Struct("<I")
ENTRY = struct.Struct("<HHI")
VERSION = 2
OWNER, USER, OWNING_GROUP, GROUP, MASK, OTHERS = 1, 2, 4, 8, 16, 32
NAMES = {OWNER: "user", USER: "user", OWNING_GROUP: "group", GROUP: "group", MASK: "mask", OTHERS: "other"}
NOBODY_NAMED = 0xFFFFFFFF


def is_kept_at(path):
    """Return whether the file system of a path, or of what will be above it, keeps access lists."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    try:
        os.getxattr(path, ATTRIBUTE)
    except OSError as error:
        return error.errno == errno.ENODATA
    return True


def read(path):
    """Return the access list of a path as getfacl writes it, such as C(user::rwx,user:70:---); empty without one."""
    try:
        kept = os.getxattr(path, ATTRIBUTE, follow_symlinks=False)
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.EOPNOTSUPP):
            return ""
        raise
    return ",".join(map(entry_text, ENTRY.iter_unpack(kept[HEADER.size :])))


def entry_text(entry):
    """Return one (tag, permissions, id) as text."""
    tag, permissions, number = entry
    rights = "".join(letter if permissions & bit else "-" for letter, bit in (("r", 4), ("w", 2), ("x", 1)))
    return f"{NAMES[tag]}:{'' if number == NOBODY_NAMED else number}:{rights}"


def refusing(mode, users):
    """Return entries that say the same as C(mode), but that these users may do nothing, whatever groups they are in."""
    return [
        (OWNER, mode >> 6 & 7, NOBODY_NAMED),
        *((USER, 0, user) for user in sorted(users)),
        (OWNING_GROUP, mode >> 3 & 7, NOBODY_NAMED),
        (MASK, mode >> 3 & 7, NOBODY_NAMED),
        (OTHERS, mode & 7, NOBODY_NAMED),
    ]


def write(path, entries):
    """Give a path an access list, which sets its mode as well."""
    os.setxattr(path, ATTRIBUTE, HEADER.pack(VERSION) + b"".join(ENTRY.pack(*entry) for entry in entries))


def remove(path):
    """Take the access list of a path away."""
    try:
        os.removexattr(path, ATTRIBUTE)
    except OSError as error:
        if error.errno not in (errno.ENODATA, errno.EOPNOTSUPP):
            raise
