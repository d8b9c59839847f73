"""The actions of a run that has something to do: verify, preview, bring up to date."""

from . import extensions, ledger, remembered_catalog
from .adopt import adoptable, record, without_ledger
from .apply_file import apply
from .catalog import Snapshot, from_list, snapshot, to_list
from .cluster import added_roles, promised_and_actual
from .drift import Difference, as_diff, as_lines, as_result, compare
from .errors import SchemaError
from .files import Migration
from .run import Run
from .session import psycopg2, run_lock
from .shadow import shadow
from .shadowing import shadowing
from .spelling import comparable, settle

LOOK_LOCK_TIMEOUT = 1.0  # seconds; a run that only looks does not wait long, and leaves out what it cannot read


def verify(run: Run, plan: ledger.Plan) -> None:
    """Fail if files are pending, or if the database differs from what the applied files make."""
    _refuse_missing_roles(run)
    drift = _find_drift(run, plan, _expected(run, plan), run.target.lock_timeout)
    found = [f"{name} is not applied" for name in run.outcome.pending] + drift
    if found:
        raise SchemaError(f"{run.target.database} is not what the files make:\n" + "\n".join(found))


def preview_pending(run: Run, plan: ledger.Plan) -> None:
    """Report what the pending files would change, and drift."""
    missing = _missing_roles(run)
    if missing:
        run.outcome.warnings.append(f"Nothing was tried, because roles do not exist yet: {', '.join(missing)}")
        return
    plan = _adopt(run, plan, dry_run=True)
    _refuse_interrupted(run, plan)
    run.outcome.extensions = extensions.to_make(run.connection, run.target)
    expected = _rehearse(run, plan)[0] if plan.pending else _expected(run, plan)
    if plan.applied:
        # A run that makes the remembered catalog anew also brings the ledger to what this release needs.
        current = remembered_catalog.fits(run.connection, run.target, plan.applied)
        found = _note_drift(run, plan, expected, LOOK_LOCK_TIMEOUT, with_ledger=current)
        run.outcome.warnings += [f"Drift: {difference}" for difference in found]


def bring_up_to_date(run: Run) -> None:
    """Apply the pending files while no other run can."""
    with run_lock(run.target):
        # Read again: the run that held the lock may have done the work.
        plan = run.plan()
        _refuse_missing_roles(run)
        plan = _adopt(run, plan, dry_run=False)
        _refuse_interrupted(run, plan)
        if plan.pending or not remembered_catalog.fits(run.connection, run.target, plan.applied):
            _, expected = _rehearse(run, plan)
            run.outcome.extensions = extensions.create(run.connection, run.target)
            _apply(run, plan)
            remembered_catalog.remember(run.connection, run.target, run.request.migrations, to_list(expected))
            plan = plan._replace(applied=run.request.migrations)
            _note_drift(run, plan, expected, run.target.lock_timeout)


def look_for_drift(run: Run, plan: ledger.Plan) -> None:
    """Compare the database with the remembered catalog, if nothing is pending."""
    _note_drift(run, plan, _expected(run, plan), LOOK_LOCK_TIMEOUT)


def _missing_roles(run: Run) -> list[str]:
    with run.connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY (%s)", (run.roles,))
        found = {name for (name,) in cursor.fetchall()}
    return [role for role in run.roles if role not in found]


def _refuse_missing_roles(run: Run) -> None:
    missing = _missing_roles(run)
    if missing:
        raise SchemaError(f"roles do not exist: {', '.join(missing)}; the role that runs the server creates them")


def _adopt(run: Run, plan: ledger.Plan, dry_run: bool) -> ledger.Plan:
    """Record the files up to `adopt` as applied and return the new plan; a ledger with entries stays as it is."""
    request, outcome = run.request, run.outcome
    if not request.adopt or plan.applied or plan.interrupted or not run.is_live:
        return plan
    with outcome.timed("adopt"):
        plan = adoptable(
            run.connection,
            run.target,
            request.migrations,
            request.adopt,
            search_paths=plan.search_paths,
            application_roles=request.application_roles,
        )
        if not dry_run:
            record(run.connection, run.target, plan)
            outcome.version = request.adopt
    outcome.adopted = [migration.name for migration in plan.applied]
    outcome.pending = [migration.name for migration in plan.pending]
    return plan


def _refuse_interrupted(run: Run, plan: ledger.Plan) -> None:
    """Fail if a file without transaction was started and never finished."""
    if plan.interrupted is None or run.request.retry_interrupted:
        return
    with run.connection.cursor() as cursor:
        cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1")
        invalid = ", ".join(name for (name,) in cursor.fetchall()) or "none"
    raise SchemaError(
        f"{plan.interrupted.name}: was started and did not finish, and it runs without transaction, so a part of "
        f"it may be there. Invalid indexes: {invalid}. Look at what it did, drop what is half-made, "
        "then run again with -e schema_retry_interrupted=true"
    )


def _expected(run: Run, plan: ledger.Plan) -> Snapshot:
    """Return the catalog that the applied files make: the one remembered, or else a new one from a shadow."""
    remembered = remembered_catalog.recall(run.connection, run.target, plan.applied)
    return _rehearse(run, plan._replace(pending=[]))[0] if remembered is None else from_list(remembered)


def _rehearse(run: Run, plan: ledger.Plan) -> tuple[Snapshot, Snapshot]:
    """Return the catalog that the applied files make, and the one with the pending files."""
    with run.outcome.timed("rehearsal"), shadow(run.target) as session:
        _replay(run, session, plan, plan.applied, "An applied file does not run any more in an empty database:")
        before = after = snapshot(session, run.target.lock_timeout)
        if plan.pending:
            _replay(run, session, plan, plan.pending, "The rehearsal failed, so the database was not touched:")
            after = snapshot(session, run.target.lock_timeout)
            run.outcome.diff = as_diff(before, after)
    return before, after


def _replay(run: Run, session, plan: ledger.Plan, migrations: list[Migration], what_failed: str) -> None:
    for migration in migrations:
        try:
            if migration.rehearsed:
                apply(session, run.target, migration, search_path=plan.search_paths[migration.version])
        except SchemaError as error:
            raise SchemaError(f"{what_failed}\n{error.message}") from error


def _apply(run: Run, plan: ledger.Plan) -> None:
    outcome = run.outcome
    with run.connection.cursor() as cursor:
        ledger.create(cursor, run.target)
    for migration in plan.pending:
        with outcome.timed("apply"), run.notices(migration.name) as notices:
            try:
                apply(
                    run.connection,
                    run.target,
                    migration,
                    restart=migration is plan.interrupted,
                    search_path=plan.search_paths[migration.version],
                    notices=notices,
                )
            except SchemaError as error:
                # The rehearsal made this object without an error, so the files do not make it twice.
                if isinstance(error.__cause__, psycopg2.errors.DuplicateTable) and not outcome.version:
                    error.message += "\nIf another tool made these tables, schema_adopt takes them over."
                raise
        outcome.applied.append(migration.name)
        outcome.pending.remove(migration.name)
        outcome.version = migration.version


def _settle(run: Run, plan: ledger.Plan, found: list[Difference], expected: Snapshot) -> list[Difference]:
    """Return the differences that are not just another spelling. A shadow is made only if some of them could be."""
    if not any(map(comparable, found)):
        return found
    with run.outcome.timed("spelling"), shadow(run.target) as session:
        _replay(run, session, plan, plan.applied, "An applied file does not run any more in an empty database:")
        return settle(session.info.dbname, run.target, found, expected)


def _find_drift(
    run: Run, plan: ledger.Plan, expected: Snapshot, lock_timeout: float, with_ledger: bool = True
) -> list[str]:
    """Note the differences from the files and from our promises, and return them as lines for people.

    Raises:
        psycopg2.errors.LockNotAvailable: somebody is rebuilding a table or a view for more than `lock_timeout` seconds.

    """
    request = run.request
    with run.outcome.timed("compare"), run.connection.cursor() as cursor:
        actual = snapshot(run.connection, lock_timeout)
        if not with_ledger:
            expected, actual = without_ledger(expected), without_ledger(actual)
            expected = extensions.without_missing(expected, actual)
        makers = [*request.creators, *added_roles(cursor, request.added_comment)]
        found, own = compare(expected, actual, makers)
        found = _settle(run, plan, found, expected)
        promised, told = promised_and_actual(
            cursor,
            run.target,
            request.application_roles,
            request.reader_roles,
            client_roles=request.client_roles,
            creators=request.creators,
            settings=request.settings,
            role_settings=request.role_settings,
            connection_limits=request.connection_limits,
        )
        found += compare(promised, told)[0]
        run.outcome.warnings += shadowing(cursor, makers)
    run.outcome.drift = [as_result(difference) for difference in found]
    run.outcome.differences = as_lines(found)
    run.outcome.application_objects = own
    return run.outcome.differences


def _note_drift(
    run: Run, plan: ledger.Plan, expected: Snapshot, lock_timeout: float, with_ledger: bool = True
) -> list[str]:
    """Note drift without failing, and return it as lines. If somebody is rebuilding a table, do not wait for that."""
    try:
        return _find_drift(run, plan, expected, lock_timeout, with_ledger)
    except psycopg2.errors.LockNotAvailable:
        run.outcome.warnings.append("Drift is not known: somebody holds an exclusive lock on a table or a view")
        return []
