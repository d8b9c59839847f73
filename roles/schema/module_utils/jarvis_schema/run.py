"""One run of the module: the session it works in, and what it knows."""

from collections.abc import Iterator
from contextlib import contextmanager

from . import ledger
from .errors import redact
from .outcome import Outcome
from .request import Request, our_roles
from .session import Target


class Notices(list):
    """Keep the first notices of a file, and count all of them. psycopg2 calls append."""

    KEPT = 20
    LONGEST = 500  # characters

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.count = 0

    def append(self, notice: str) -> None:
        """Keep a notice if there is room for it."""
        self.count += 1
        if len(self) < self.KEPT:
            super().append(redact(" ".join(notice[: self.LONGEST].split())))


class Run:
    """One run on one database."""

    def __init__(self, target: Target, request: Request, outcome: Outcome, connection) -> None:
        """Take a session: `connection` is in the database, or in another one as long as the database does not exist."""
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
        """Pass on the server's notices while this file is applied."""
        said = Notices()
        try:
            yield said
        finally:
            self.outcome.warnings += [f"{name}: {notice}" for notice in said]
            if said.count > len(said):
                self.outcome.warnings.append(f"{name}: … and {said.count - len(said)} more")
