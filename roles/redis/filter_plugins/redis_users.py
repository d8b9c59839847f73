"""Ansible filter: the lines of an ACL file for the users that an inventory adds."""

from __future__ import annotations

import hashlib

# What a category must not bring along, since no pattern of keys holds it back: @write has FLUSHALL in it, and FUNCTION
# LOAD, which replaces the code that another user calls with rights of its own.
GUARDED = ["-@admin", "-@dangerous", "-function", "-script|debug", "-script|flush", "-script|kill"]


def ordered(permissions):
    """Return permissions with the categories first, less what is dangerous in them; then what is named itself.

    Whoever names the categories admin or dangerous means what they are.
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
