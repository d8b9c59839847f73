"""What the module does: apply, preview, verify, adopt."""

import os
from contextlib import closing
from typing import Dict, List, NamedTuple

from . import ledger
from .errors import SchemaError
from .files import Migration
from .outcome import Outcome
from .runner import apply
from .session import Target, connect, psycopg2, run_lock
from .shadow import shadow


class Request(NamedTuple):
    """What the operator asks for."""

    migrations: List[Migration]
    state: str  # applied or verified
    check_mode: bool
    adopt: int  # record up to this version as applied; 0 for none
    retry_interrupted: bool
    application_roles: List[str]
    reader_roles: List[str]
    settings: Dict[str, str]


def run(target: Target, request: Request, outcome: Outcome) -> None:
    """Bring the database to the newest version; with nothing to do, only read.

    Raises:
        SchemaError: and `outcome` still says what was applied before.
    """
    outcome.pending = [migration.name for migration in request.migrations]
    if request.check_mode and (psycopg2 is None or not os.path.exists(target.socket)):
        outcome.warnings.append("no server to ask yet")
        return
    with outcome.timed("connect"):
        connection = connect(target, target.database)
    with closing(connection):
        with outcome.timed("plan"), connection.cursor() as cursor:
            plan = ledger.plan(request.migrations, ledger.read(cursor))
        outcome.pending = [migration.name for migration in plan.pending]
        if plan.pending and not request.check_mode:
            with run_lock(connection, target.lock_wait):
                _apply(connection, target, request, outcome)
        outcome.version = max((m.version for m in request.migrations), default=0)


def _apply(connection, target: Target, request: Request, outcome: Outcome) -> None:
    with connection.cursor() as cursor:
        # The other run, if there was one, has changed it.
        plan = ledger.plan(request.migrations, ledger.read(cursor))
        outcome.pending = [migration.name for migration in plan.pending]
        outcome.version = max((m.version for m in plan.applied), default=0)
        if plan.interrupted and not request.retry_interrupted:
            raise SchemaError(interrupted(plan.interrupted))
        if plan.pending:
            with outcome.timed("rehearsal"):
                rehearse(target, plan)
            cursor.execute(ledger.CREATE)
    for migration in plan.pending:
        with outcome.timed("apply"):
            apply(connection, target, migration, restart=migration is plan.interrupted)
        outcome.applied.append(migration.name)
        outcome.pending.remove(migration.name)
        outcome.version = migration.version


def rehearse(target: Target, plan: ledger.Plan) -> None:
    with shadow(target) as connection:
        for migration in plan.applied + plan.pending:
            apply(connection, target, migration)
