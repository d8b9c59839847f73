"""What the module does: apply, preview, verify, adopt."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import NamedTuple

from . import ledger
from .adopt import adoptable, record
from .catalog import Snapshot, snapshot
from .cluster import RoleSettings, check_role_settings, promised_and_actual
from .drift import as_diff, as_result, compare
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

    migrations: list[Migration]
    state: str  # applied or verified
    check_mode: bool
    adopt: int  # record up to this version as applied; 0 for none
    retry_interrupted: bool
    application_roles: list[str]
    reader_roles: list[str]
    settings: dict[str, str]
    role_settings: RoleSettings


class Engine:
    """One run on one database. Failures are SchemaErrors, and the outcome says what was done before."""

    def __init__(self, target: Target, request: Request, outcome: Outcome) -> None:
        """Note what is asked; nothing is opened yet."""
        self.target = target
        self.request = request
        self.outcome = outcome
        self.connection = None  # in the database, or beside it while there is none

    def run(self) -> None:
        """Do what is asked. With nothing to apply, only read."""
        check_role_settings(self.request.role_settings, self._roles())
        preview = self.request.check_mode and self.request.state == "applied"
        self.outcome.pending = [migration.name for migration in self.request.migrations]
        if preview and (psycopg2 is None or not os.path.exists(self.target.socket)):
            self.outcome.warnings.append(f"No server at {self.target.socket} yet: a real run applies all files")
            return
        try:
            with self.outcome.timed("connect"):
                self.connection = self._connect(preview)
            if self.connection is None:
                return
            with closing(self.connection):
                if self.request.state == "verified":
                    self._verify()
                elif preview:
                    self._preview()
                else:
                    self._bring_up_to_date()
        except psycopg2.Error as error:
            raise SchemaError(redact(f"{self.target.database}: {str(error).strip()}")) from error

    def _connect(self, preview: bool):
        """Return a session in the database; for a preview of what is not there yet, one beside it, or none."""
        try:
            return connect(self.target, self.target.database)
        except psycopg2.OperationalError as error:
            try:
                beside = connect(self.target, MAINTENANCE)
            except psycopg2.OperationalError:
                if not preview:
                    raise error from None
                self.outcome.warnings.append(f"The server does not answer, so nothing was tried: {str(error).strip()}")
                return None
            with beside.cursor() as cursor:
                cursor.execute("SELECT FROM pg_database WHERE datname = %s", (self.target.database,))
                missing = cursor.rowcount == 0
            if missing and preview:
                return beside
            beside.close()
            if missing:
                raise SchemaError(
                    f"the database {self.target.database} does not exist; the role that runs the server creates it"
                ) from error
            raise

    def _verify(self) -> None:
        plan = self._plan()
        # The server makes a database at the pace of its disk; meanwhile it can answer questions.
        with ThreadPoolExecutor(1) as pool:
            live = pool.submit(snapshot, self.connection, self.target.lock_timeout)
            expected, _ = self._rehearse(plan._replace(pending=[]))
            actual = live.result()
        found = [f"{name} is not applied" for name in self.outcome.pending] + self._find_drift(expected, actual)
        if found:
            raise SchemaError(f"{self.target.database} is not what the files make:\n" + "\n".join(found))

    def _preview(self) -> None:
        plan = self._plan()
        missing = self._missing_roles()
        if missing:
            self.outcome.warnings.append(f"Nothing was tried, because roles do not exist yet: {', '.join(missing)}")
            return
        plan = self._adopt(plan, dry_run=True)
        self._refuse_interrupted(plan)
        expected, _ = self._rehearse(plan)
        if not plan.applied:
            return
        self._warn_of_drift(expected, PREVIEW_LOCK_TIMEOUT)

    def _bring_up_to_date(self) -> None:
        if not self._plan().pending:
            return
        with run_lock(self.connection, self.target.lock_wait):
            # Read again: the run that held the lock may have done the work.
            plan = self._plan()
            missing = self._missing_roles()
            if missing:
                raise SchemaError(
                    f"roles do not exist: {', '.join(missing)}; the role that runs the server creates them"
                )
            plan = self._adopt(plan, dry_run=False)
            self._refuse_interrupted(plan)
            if plan.pending:
                _, expected = self._rehearse(plan)
                self._apply(plan)
                self._warn_of_drift(expected, self.target.lock_timeout)

    def _plan(self) -> ledger.Plan:
        """Compare ledger and files."""
        with self.outcome.timed("plan"), self.connection.cursor() as cursor:
            entries = ledger.read(cursor) if self._is_live() else []
            plan = ledger.plan(self.request.migrations, entries)
        self.outcome.pending = [migration.name for migration in plan.pending]
        self.outcome.version = max((migration.version for migration in plan.applied), default=0)
        return plan

    def _is_live(self) -> bool:
        return self.connection.info.dbname == self.target.database

    def _roles(self) -> list[str]:
        return [self.target.owner, *self.request.application_roles, *self.request.reader_roles]

    def _missing_roles(self) -> list[str]:
        roles = self._roles()
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY (%s)", (roles,))
            found = {name for (name,) in cursor.fetchall()}
        return [role for role in roles if role not in found]

    def _adopt(self, plan: ledger.Plan, dry_run: bool) -> ledger.Plan:
        """Return the plan once the files up to `adopt` are recorded; a ledger with entries needs none."""
        if not self.request.adopt or plan.applied or plan.interrupted or not self._is_live():
            return plan
        with self.outcome.timed("adopt"):
            plan = adoptable(
                self.connection,
                self.target,
                self.request.migrations,
                self.request.adopt,
                application_roles=self.request.application_roles,
            )
            if not dry_run:
                record(self.connection, plan.applied)
                self.outcome.version = self.request.adopt
        self.outcome.adopted = [migration.name for migration in plan.applied]
        self.outcome.pending = [migration.name for migration in plan.pending]
        return plan

    def _refuse_interrupted(self, plan: ledger.Plan) -> None:
        """Stop at a file without transaction that was started and never finished."""
        if plan.interrupted is None or self.request.retry_interrupted:
            return
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1")
            invalid = ", ".join(name for (name,) in cursor.fetchall()) or "none"
        raise SchemaError(
            f"{plan.interrupted.name}: was started and did not finish, and it runs without transaction, so a part of "
            f"it may be there. Invalid indexes: {invalid}. Look at what it did, drop what is half-made, "
            "then run again with -e schema_retry_interrupted=true"
        )

    def _rehearse(self, plan: ledger.Plan) -> tuple[Snapshot, Snapshot]:
        """Return the catalog that the applied files make, and the one with the pending files."""
        with self.outcome.timed("rehearsal"), shadow(self.target) as session:
            self._replay(session, plan.applied, "An applied file does not run any more in an empty database:")
            before = after = snapshot(session, self.target.lock_timeout)
            if plan.pending:
                self._replay(session, plan.pending, "The rehearsal failed, so the database was not touched:")
                after = snapshot(session, self.target.lock_timeout)
                self.outcome.diff = as_diff(before, after)
        return before, after

    def _replay(self, session, migrations: list[Migration], what_failed: str) -> None:
        for migration in migrations:
            try:
                apply(session, self.target, migration)
            except SchemaError as error:
                raise SchemaError(f"{what_failed}\n{error.message}") from error

    def _apply(self, plan: ledger.Plan) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(ledger.CREATE)
        for migration in plan.pending:
            with self.outcome.timed("apply"):
                try:
                    apply(self.connection, self.target, migration, restart=migration is plan.interrupted)
                except SchemaError as error:
                    # The rehearsal made it: so it is not the files that make it twice.
                    if isinstance(error.__cause__, psycopg2.errors.DuplicateTable) and not self.outcome.version:
                        error.message += "\nIf another tool made these tables, schema_adopt takes them over."
                    raise
            self.outcome.applied.append(migration.name)
            self.outcome.pending.remove(migration.name)
            self.outcome.version = migration.version

    def _find_drift(self, expected: Snapshot, actual: Snapshot) -> list[str]:
        """Compare the database with a snapshot, and the server with our promises."""
        request = self.request
        with self.outcome.timed("compare"), self.connection.cursor() as cursor:
            found, own = compare(expected, actual, request.application_roles)
            promised, told = promised_and_actual(
                cursor,
                self.target,
                request.application_roles,
                request.reader_roles,
                settings=request.settings,
                role_settings=request.role_settings,
            )
            found += compare(promised, told)[0]
        self.outcome.drift = [as_result(difference) for difference in found]
        self.outcome.application_objects = own
        return [str(difference) for difference in found]

    def _warn_of_drift(self, expected: Snapshot, lock_timeout: float) -> None:
        """Tell of drift where it is no failure; who rebuilds a table just now is not waited for."""
        try:
            actual = snapshot(self.connection, lock_timeout)
        except psycopg2.errors.LockNotAvailable:
            self.outcome.warnings.append("Drift is not known: somebody holds an exclusive lock on a table or a view")
            return
        self.outcome.warnings += [f"Drift: {difference}" for difference in self._find_drift(expected, actual)]
