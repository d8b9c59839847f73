"""Ansible filter: the lines of an ACL file for the users that an inventory adds."""

from __future__ import annotations

import hashlib

# What a category must not bring along: @write has FLUSHALL in it, which no pattern of keys holds back.
GUARDED = ["-@admin", "-@dangerous"]


def ordered(permissions):
    """Return permissions with the categories first, less what is dangerous in them; then what is named itself."""
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
