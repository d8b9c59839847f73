"""What the operator asks for."""

from typing import NamedTuple

from .errors import SchemaError
from .files import Migration
from .session import Target


class Request(NamedTuple):
    """What the operator asks for."""

    migrations: list[Migration]
    state: str  # applied or verified
    check_mode: bool
    adopt: int  # record up to this version as applied; 0 for none
    retry_interrupted: bool
    unqualified_until: int  # files up to this version run with public as their search path
    application_roles: list[str]
    reader_roles: list[str]
    client_roles: dict[str, list[str]]  # further roles, each with the roles of ours whose rights it has
    settings: dict[str, str]  # settings that our roles and the database may have
    role_settings: dict[str, dict[str, str]]  # settings that a role must have, by role and name
    connection_limits: dict[str, int]  # by role
    added_comment: str  # comment of every role that is or was a client role; empty if there is no such comment

    @property
    def creators(self) -> list[str]:
        """The roles that may make objects of their own."""
        with_rights = [role for role, of in self.client_roles.items() if set(of) & set(self.application_roles)]
        return [*self.application_roles, *with_rights]


def our_roles(target: Target, request: Request) -> list[str]:
    """Return the roles of this schema, the owner first."""
    return [
        target.owner,
        target.migrator,
        *request.application_roles,
        *request.reader_roles,
        *request.client_roles,
    ]


def check_role_settings(target: Target, request: Request) -> None:
    """Refuse promises that cannot be kept.

    Raises:
        SchemaError: for a role that is not ours, or for settings without names.

    """
    roles = [*our_roles(target, request), target.user]
    for role, settings in request.role_settings.items():
        if role not in roles:
            raise SchemaError(f"schema_role_settings: {role} is no role of this schema; these are: {', '.join(roles)}")
        if not isinstance(settings, dict):
            raise SchemaError(
                f"schema_role_settings: {role} needs names with values, such as {{statement_timeout: 60s}}, "
                f"and not {settings!r}"
            )
