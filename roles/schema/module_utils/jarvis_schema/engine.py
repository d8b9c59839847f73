"""What the module does: apply, preview, verify, adopt."""

import os
from contextlib import closing
from typing import Dict, List, NamedTuple, Tuple

from . import ledger
from .adopt import adoptable, record
from .catalog import Snapshot, snapshot
from .cluster import promised_and_actual
from .drift import Difference, as_diff, compare
from .errors import SchemaError
from .explain import redact
from .files import Migration
from .outcome import Outcome
from .runner import apply
from .session import Target, connect, psycopg2, run_lock
from .shadow import MAINTENANCE, shadow

PREVIEW_LOCK_TIMEOUT = 1.0  # seconds; a preview rather knows less than it waits


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
    """Do what is asked. With nothing to apply, only read.

    Raises:
        SchemaError: and `outcome` still says what was applied before.
    """
    outcome.pending = [migration.name for migration in request.migrations]
    preview = request.check_mode and request.state == "applied"
    if preview and (psycopg2 is None or not os.path.exists(target.socket)):
        outcome.warnings.append(f"No server at {target.socket} yet: a real run applies all files")
        return
    try:
        with outcome.timed("connect"):
            connection = _connect(target, preview, outcome)
        if connection is None:
            return
        with closing(connection):
            if request.state == "verified":
                _verify(connection, target, request, outcome)
            elif request.check_mode:
                _preview(connection, target, request, outcome)
            else:
                _bring_up_to_date(connection, target, request, outcome)
    except psycopg2.Error as error:
        raise SchemaError(redact(f"{target.database}: {str(error).strip()}")) from error


def _connect(target: Target, preview: bool, outcome: Outcome):
    """Return a session in the database; for a preview of what is not there yet, one beside it, or none."""
    try:
        return connect(target, target.database)
    except psycopg2.OperationalError as error:
        reason = str(error).strip()
        try:
            beside = connect(target, MAINTENANCE)
        except psycopg2.OperationalError:
            beside = None
        if beside is None and preview:
            outcome.warnings.append(f"The server does not answer, so the files were not tried: {reason}")
            return None
        if beside is None:
            raise
        with beside.cursor() as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", (target.database,))
            missing = cursor.rowcount == 0
        if missing and preview:
            return beside
        beside.close()
        if missing:
            raise SchemaError(
                f"the database {target.database} does not exist; the role that runs the server creates it"
            ) from error
        raise


def _plan(connection, target: Target, request: Request, outcome: Outcome) -> ledger.Plan:
    """Compare ledger and files, and note it in the outcome."""
    with outcome.timed("plan"), connection.cursor() as cursor:
        entries = ledger.read(cursor) if connection.info.dbname == target.database else []
        plan = ledger.plan(request.migrations, entries)
    outcome.pending = [migration.name for migration in plan.pending]
    outcome.version = max((migration.version for migration in plan.applied), default=0)
    return plan


def _adopt(connection, target: Target, request: Request, outcome: Outcome) -> ledger.Plan:
    """Return the plan once the files up to `request.adopt` are recorded."""
    with outcome.timed("adopt"):
        plan = adoptable(connection, target, request.migrations, request.adopt, request.application_roles)
    outcome.adopted = [migration.name for migration in plan.applied]
    outcome.pending = [migration.name for migration in plan.pending]
    return plan


def _missing_roles(connection, target: Target, request: Request) -> List[str]:
    roles = [target.owner, *request.application_roles, *request.reader_roles]
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY (%s)", (roles,))
        found = {name for (name,) in cursor.fetchall()}
    return [role for role in roles if role not in found]


def _replay(connection, target: Target, migrations: List[Migration], what: str) -> None:
    """Apply files to a shadow."""
    for migration in migrations:
        try:
            apply(connection, target, migration)
        except SchemaError as error:
            raise SchemaError(f"{what}\n{error.message}") from error


def _rehearse(target: Target, plan: ledger.Plan, outcome: Outcome) -> Tuple[Snapshot, Snapshot]:
    """Return the catalog that the applied files make, and the one with the pending files."""
    with outcome.timed("rehearsal"), shadow(target) as connection:
        _replay(
            connection, target, plan.applied, "An applied file does not run any more in an empty database of this server:"
        )
        before = snapshot(connection, target.lock_timeout)
        if not plan.pending:
            return before, before
        _replay(connection, target, plan.pending, "The rehearsal failed, so the database was not touched:")
        after = snapshot(connection, target.lock_timeout)
    outcome.diff = as_diff(before, after)
    return before, after


def _find_drift(
    connection, target: Target, request: Request, outcome: Outcome, expected: Snapshot, lock_timeout: float
) -> List[Difference]:
    """Compare the database with a snapshot and our promises, and note it in the outcome."""
    with outcome.timed("drift"):
        found, own = compare(expected, snapshot(connection, lock_timeout), request.application_roles)
        with connection.cursor() as cursor:
            promised, actual = promised_and_actual(
                cursor, target, request.application_roles, request.reader_roles, request.settings
            )
        found += compare(promised, actual)[0]
    outcome.drift = [difference._asdict() for difference in found]
    outcome.application_objects = own
    return found


def _verify(connection, target: Target, request: Request, outcome: Outcome) -> None:
    plan = _plan(connection, target, request, outcome)
    expected, _ = _rehearse(target, plan._replace(pending=[]), outcome)
    found = [str(difference) for difference in _find_drift(
        connection, target, request, outcome, expected, target.lock_timeout
    )]
    found = [f"{name} is not applied" for name in outcome.pending] + found
    if found:
        raise SchemaError(f"{target.database} is not what the files make:\n" + "\n".join(found))


def _preview(connection, target: Target, request: Request, outcome: Outcome) -> None:
    plan = _plan(connection, target, request, outcome)
    there = connection.info.dbname == target.database
    missing = _missing_roles(connection, target, request)
    if missing:
        outcome.warnings.append(f"Not rehearsed, because these roles do not exist yet: {', '.join(missing)}")
        return
    if request.adopt and there and not plan.applied:
        plan = _adopt(connection, target, request, outcome)
    _refuse_interrupted(connection, plan, request)
    expected, _ = _rehearse(target, plan, outcome)
    if not there or not plan.applied:
        return
    try:
        found = _find_drift(connection, target, request, outcome, expected, PREVIEW_LOCK_TIMEOUT)
    except psycopg2.errors.LockNotAvailable:
        outcome.warnings.append("Drift is not known: somebody holds an exclusive lock on a table or a view")
    else:
        outcome.warnings += [f"Drift: {difference}" for difference in found]


def _bring_up_to_date(connection, target: Target, request: Request, outcome: Outcome) -> None:
    if not _plan(connection, target, request, outcome).pending:
        return
    with run_lock(connection, target.lock_wait):
        # Read again: the run that held the lock may have done the work.
        plan = _plan(connection, target, request, outcome)
        missing = _missing_roles(connection, target, request)
        if missing:
            raise SchemaError(f"these roles do not exist: {', '.join(missing)}; the role that runs the server creates them")
        if request.adopt and not plan.applied:
            plan = _adopt(connection, target, request, outcome)
            record(connection, plan.applied)
            outcome.version = request.adopt
        _refuse_interrupted(connection, plan, request)
        if not plan.pending:
            return
        _, expected = _rehearse(target, plan, outcome)
        with connection.cursor() as cursor:
            cursor.execute(ledger.CREATE)
        for migration in plan.pending:
            with outcome.timed("apply"):
                apply(connection, target, migration, restart=migration is plan.interrupted)
            outcome.applied.append(migration.name)
            outcome.pending.remove(migration.name)
            outcome.version = migration.version
        try:
            found = _find_drift(connection, target, request, outcome, expected, target.lock_timeout)
        except psycopg2.errors.LockNotAvailable:
            return  # the work is done, and the next look tells
        outcome.warnings += [f"Drift: {difference}" for difference in found]


def _refuse_interrupted(connection, plan: ledger.Plan, request: Request) -> None:
    """Stop at a file without transaction that was started and never finished."""
    if plan.interrupted is None or request.retry_interrupted:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indexrelid::regclass::text FROM pg_index AS i WHERE NOT i.indisvalid ORDER BY 1"
        )
        invalid = ", ".join(name for (name,) in cursor.fetchall()) or "none"
    raise SchemaError(
        f"{plan.interrupted.name}: was started and did not finish, and it runs without transaction, so a part of it may "
        f"be there. Invalid indexes: {invalid}. Look at what it did (\\d of its tables), drop what is half-made, "
        "then run again with retry_interrupted"
    )
