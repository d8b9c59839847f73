"""Compare two snapshots, and say what differs."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .catalog import Snapshot
from .errors import redact

# The kinds of parts of a table. If the table is the application's, its parts are not reported one by one.
PARTS = {"column", "constraint", "index", "trigger", "constraint trigger", "rule", "policy"}
TABLES = {"table", "partitioned table", "foreign table"}
INHERITED = "inherited"  # fact of a part that comes from the table of which this one is a partition
SHORT = 160  # characters of a fact in a message


class Difference(NamedTuple):
    """One object that is not as it should be."""

    kind: str
    identity: str
    expected: dict[str, object] | None  # only the facts that differ; None: there should be none
    actual: dict[str, object] | None  # only the facts that differ; None: it is missing

    def __str__(self) -> str:
        """Return it as one line for people."""
        if self.actual is None:
            return f"{self.kind} {self.identity} is missing"
        if self.expected is None:
            return f"{self.kind} {self.identity} should not be there"
        names = sorted(set(self.expected) | set(self.actual))
        changes = [
            f"{name} is {_short(self.actual.get(name))}, should be {_short(self.expected.get(name))}" for name in names
        ]
        return f"{self.kind} {self.identity}: " + "; ".join(changes)


def _short(value: object) -> str:
    if value is None:
        return "not set"
    text = redact(" ".join(_text(value).split()))
    return text if len(text) <= SHORT else text[:SHORT] + " …"


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {value[key]}" for key in sorted(value)) or "nobody"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _differing(expected: dict[str, object], actual: dict[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """Return the facts of both that differ."""
    names = {name for name in set(expected) | set(actual) if expected.get(name) != actual.get(name)}
    names.discard(INHERITED)
    if "functions" in names and isinstance(expected.get("functions"), dict):
        # There are thousands of functions, so only those that differ are shown.
        here, there = expected["functions"], actual["functions"]
        changed = {name for name in here.keys() | there.keys() if here.get(name) != there.get(name)}
        expected, actual = (
            {**facts, "functions": {name: digests[name] for name in changed & digests.keys()}}
            for facts, digests in ((expected, here), (actual, there))
        )
    if "column_order" in names:
        # A missing or additional column is a difference of its own.
        here, there = expected.get("column_order") or [], actual.get("column_order") or []
        if [c for c in here if c in there] == [c for c in there if c in here]:
            names.discard("column_order")
    return (
        {name: expected[name] for name in sorted(names) if name in expected},
        {name: actual[name] for name in sorted(names) if name in actual},
    )


def compare(
    expected: Snapshot, actual: Snapshot, application_roles: Sequence[str] = ()
) -> tuple[list[Difference], list[str]]:
    """Return the differences, and what the application has made for itself.

    Objects of the application roles that are not expected are their own business. A partition of a table of ours that
    was made at run time counts as expected, with everything that it has from that table.
    """
    partitions = _partitions(expected, actual)
    differences: list[Difference] = []
    own: list[str] = []
    for kind, identity in sorted(set(expected) | set(actual)):
        wanted, found = expected.get((kind, identity)), actual.get((kind, identity))
        if wanted is None:
            if _is_of_partition(kind, identity, found.facts, partitions):
                continue
            if found.owner in application_roles:
                own += [] if kind in PARTS else [f"{kind} {identity}"]
            else:
                differences.append(Difference(kind, identity, None, found.facts))
        elif found is None:
            differences.append(Difference(kind, identity, wanted.facts, None))
        else:
            here, there = _differing(wanted.facts, found.facts)
            if here or there:
                differences.append(Difference(kind, identity, here, there))
    return differences, own


def _partitions(expected: Snapshot, actual: Snapshot) -> set[str]:
    """Return the additional partitions of expected partitioned tables, and the partitions of those."""
    parents = {identity for kind, identity in expected if kind == "partitioned table"}
    additional = {
        identity: found.facts.get("parents") or []
        for (kind, identity), found in actual.items()
        if kind in TABLES and (kind, identity) not in expected and "partition_bound" in found.facts
    }
    found: set[str] = set()
    while new := {one for one, of in additional.items() if one not in found and {*of} & (parents | found)}:
        found |= new
    return found


def _is_of_partition(kind: str, identity: str, facts: dict[str, object], partitions: set[str]) -> bool:
    """Return whether an object is one of the partitions, or a part that a partition has from its table."""
    if kind in TABLES:
        return identity in partitions
    if INHERITED not in facts:
        return False
    definition = facts.get("definition") or ""
    return _is_part(kind, identity, facts, partitions) or any(
        # Beside a foreign key to the whole table, PostgreSQL makes one to each partition.
        kind == "constraint" and f" REFERENCES {one}(" in definition
        for one in partitions
    )


def _is_part(kind: str, identity: str, facts: dict[str, object], tables: set[str]) -> bool:
    """Return whether an object belongs to one of these tables, so that it comes and goes with the table."""
    definition = (facts.get("definition") or "").replace(" ON ONLY ", " ON ")
    return any(
        (kind in PARTS and identity.startswith(f"{table}."))
        or (kind == "index" and f" ON {table} " in definition)
        or (kind == "sequence" and (facts.get("owned_by") or "").startswith(f"{table}."))
        for table in tables
    )


def as_lines(differences: Sequence[Difference]) -> list[str]:
    """Return differences as lines for people. A missing or additional table is one line, without its parts."""
    whole = [one for one in differences if one.expected is None or one.actual is None]
    tables = {one.identity for one in whole if one.kind in TABLES}
    parts = [one for one in whole if _is_part(one.kind, one.identity, one.expected or one.actual or {}, tables)]
    return [str(one) for one in differences if one not in parts]


def as_result(difference: Difference) -> dict[str, object]:
    """Return a difference as the module returns it, without passwords."""

    def redacted(facts: dict[str, object] | None) -> dict[str, object] | None:
        if facts is None:
            return None
        return {name: redact(value) if isinstance(value, str) else value for name, value in facts.items()}

    return difference._replace(expected=redacted(difference.expected), actual=redacted(difference.actual))._asdict()


def render(snapshot: Snapshot, keys: Iterable[tuple[str, str]]) -> str:
    """Return the objects as text for a diff, with one fact a line."""
    lines: list[str] = []
    for kind, identity in keys:
        if (kind, identity) in snapshot:
            lines.append(f"{kind} {identity}")
            for name, value in sorted(snapshot[kind, identity].facts.items()):
                first, *rest = redact(_text(value)).strip().split("\n")
                lines.append(f"    {name}: {first}")
                lines += [f"        {line}" for line in rest]
    return "".join(f"{line}\n" for line in lines)


def as_diff(before: Snapshot, after: Snapshot) -> dict[str, str]:
    """Return the changes from one snapshot to another, in the form that Ansible shows with --diff."""
    keys = [(difference.kind, difference.identity) for difference in compare(before, after)[0]]
    return {
        "before_header": "catalog",
        "after_header": "catalog with the pending files",
        "before": render(before, keys),
        "after": render(after, keys),
    }
