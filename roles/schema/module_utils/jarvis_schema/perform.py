"""The entry point of a run: find out whether there is anything to do, and do it."""

import os
from contextlib import closing

from . import remembered_catalog
from .actions import bring_up_to_date, look_for_drift, preview_pending, verify
from .errors import SchemaError, redact
from .files import check
from .outcome import Outcome
from .request import Request, check_role_settings
from .run import Run
from .session import MAINTENANCE, Target, connect, psycopg2


def perform(target: Target, request: Request, outcome: Outcome) -> None:
    """Do what is asked, and note in `outcome` what was done, even if it fails. With nothing to apply, only read.

    Raises:
        SchemaError: with what is wrong, and what to do.

    """
    check_role_settings(target, request)
    preview = request.check_mode and request.state == "applied"
    outcome.pending = [migration.name for migration in request.migrations]
    if preview and (psycopg2 is None or not os.path.exists(target.socket)):
        check(request.migrations)
        outcome.warnings.append(f"No server at {target.socket} yet: a real run applies all files")
        return
    try:
        with outcome.timed("connect"):
            connection = _connect(target, outcome, preview)
        if connection is not None:
            with closing(connection):
                _perform(Run(target, request, outcome, connection), preview)
    except psycopg2.Error as error:
        raise SchemaError(redact(f"{target.database}: {str(error).strip()}")) from error


def _perform(run: Run, preview: bool) -> None:
    plan = run.plan()
    check(plan.pending)
    if run.request.state == "verified":
        verify(run, plan)
    elif preview:
        preview_pending(run, plan)
    elif plan.pending or not remembered_catalog.fits(run.connection, run.target, plan.applied):
        bring_up_to_date(run)
    else:
        look_for_drift(run, plan)


def _connect(target: Target, outcome: Outcome, preview: bool):
    """Return a session in the database. If a preview finds no such database, return one in another, or None."""
    try:
        return connect(target, target.database)
    except psycopg2.OperationalError as error:
        try:
            beside = connect(target, MAINTENANCE)
        except psycopg2.OperationalError:
            if not preview:
                raise error from None
            outcome.warnings.append(f"The server does not answer, so nothing was tried: {str(error).strip()}")
            return None
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
