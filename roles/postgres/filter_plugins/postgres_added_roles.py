"""Ansible filters: the database roles that an inventory adds, as the module postgres_roles and the schema take them."""

from __future__ import annotations

# The role whose rights an added role gets. It inherits them, and cannot become that role.
MEMBER_OF = {"read": "jarvis_readonly", "write": "jarvis"}


def postgres_added_roles(entries, settings):
    """Return a definition, without password, of each role among the C(entries) of C(postgres_roles).

    Its sessions begin with C(settings); a setting of the entry replaces the one of the same name.
    """
    return [
        {
            "name": entry["name"],
            "added": True,
            "login": True,
            "connection_limit": entry["connection_limit"],
            "settings": {**settings, **entry.get("settings", {})},
            "member_of": [{"role": MEMBER_OF[entry["may"]], "inherit": True, "set": False}],
        }
        for entry in entries
    ]


def with_passwords(roles, passwords):
    """Return definitions of roles with their passwords added; C(passwords) is a dictionary by name."""
    return [{**role, "password": passwords[role["name"]]} for role in roles]


def role_memberships(roles):
    """Return {role: [roles that it is a member of]} for definitions of roles."""
    return {role["name"]: [membership["role"] for membership in role["member_of"]] for role in roles}


class FilterModule:
    """The filters."""

    def filters(self):
        """Return the filters by name."""
        return {
            "postgres_added_roles": postgres_added_roles,
            "role_memberships": role_memberships,
            "with_passwords": with_passwords,
        }
