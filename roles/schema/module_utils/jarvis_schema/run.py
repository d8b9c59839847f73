"""One run of the module: what is asked, the session it works in, and what it knows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from . import ledger
from .errors import SchemaError, redact
from .files import Migration
from .outcome import Outcome
from .session import Target


class Request(NamedTuple):
    """What the operator asks for."""

    migrations: list[Migration]
    state: str  # applied or verified
    check_mode: bool
    adopt: int  # record up to this version as applied; 0 for none
    retry_interrupted: bool
    unqualified_until: int  # files up to this version run with the search path public
    application_roles: list[str]
    reader_roles: list[str]
    client_roles: dict[str, list[str]]  # further roles, each with those of ours whose rights it has
    settings: dict[str, str]  # that our roles and the database may carry
    role_settings: dict[str, dict[str, str]]  # that a role has to carry: by role and name
    connection_limits: dict[str, int]  # by role
    added_comment: str  # of every role that was ever a client role; empty for none

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
    """Refuse promises that could never be true.

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


class Notices(list):
    """The first notices of a file, and how many there were; psycopg2 calls append."""

    KEPT = 20
    LONGEST = 500  # characters

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.count = 0

    def append(self, notice: str) -> None:
        """Keep it if there is room."""
        self.count += 1
        if len(self) < self.KEPT:
            super().append(redact(" ".join(notice[: self.LONGEST].split())))


class Run:
    """One run on one database."""

    def __init__(self, target: Target, request: Request, outcome: Outcome, connection) -> None:
        """Work in `connection`, a session in the database, or beside it while there is none."""
        self.target = target
        self.request = request
        self.outcome = outcome
        self.connection = connection
        self.is_live = connection.info.dbname == target.database
        self.roles = our_roles(target, request)

    def plan(self) -> ledger.Plan:
        """Compare ledger and files.

        Raises:
            SchemaError: they contradict each other.

        """
        with self.outcome.timed("plan"), self.connection.cursor() as cursor:
            entries = ledger.read(cursor) if self.is_live else []
            plan = ledger.plan(self.request.migrations, entries, self.request.unqualified_until)
        self.outcome.pending = [migration.name for migration in plan.pending]
        self.outcome.version = max((migration.version for migration in plan.applied), default=0)
        return plan

    @contextmanager
    def notices(self, name: str) -> Iterator[Notices]:
        """Pass on what the server says beside its results, while this file is applied."""
        said = Notices()
        try:
            yield said
        finally:
            self.outcome.warnings += [f"{name}: {notice}" for notice in said]
            if said.count > len(said):
                self.outcome.warnings.append(f"{name}: … and {said.count - len(said)} more")
