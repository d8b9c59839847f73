"""Ansible filter: the lines of an ACL file for the users that an inventory adds."""

from __future__ import annotations

import hashlib

# Categories contain dangerous commands that patterns of keys do not restrict: @write contains FLUSHALL, and FUNCTION
# LOAD, which replaces code that another user calls with its own rights. So these are taken away from the categories.
GUARDED = ["-@admin", "-@dangerous", "-function", "-script|debug", "-script|flush", "-script|kill"]


def ordered(permissions):
    """Return permissions in order: the categories, what is taken away from them, then single commands.

    The categories admin and dangerous count as single commands, so that they give everything if somebody names them.
    """
    categories = [word for word in permissions if "@" in word and word[2:] not in ("admin", "dangerous")]
    return [*categories, *GUARDED, *(word for word in permissions if word not in categories)]


def redis_user_lines(entries, passwords):
    """Return a line for each of C(entries) of C(redis_users); C(passwords) are by name."""
    return [
        " ".join(
            [
                f"user {entry['name']} on #{hashlib.sha256(passwords[entry['name']].encode()).hexdigest()}",
                *(f"~{pattern}" for pattern in entry["keys"]),
                "resetchannels",
                *(f"&{pattern}" for pattern in entry.get("channels", [])),
                "-@all",
                *ordered(entry["permissions"]),
            ]
        )
        for entry in entries
    ]


class FilterModule:
    """The filter."""

    def filters(self):
        """Return the filter by name."""
        return {"redis_user_lines": redis_user_lines}
