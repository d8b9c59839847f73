"""The module's result. It is filled in while the module works, so that a failure returns it as well."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Outcome:
    """The result of one run."""

    def __init__(self) -> None:
        """Begin with nothing done."""
        self.applied: list[str] = []
        self.adopted: list[str] = []
        self.pending: list[str] = []
        self.extensions: list[str] = []
        self.version = 0
        self.drift: list[dict[str, object]] = []
        self.differences: list[str] = []  # the drift, as lines for people
        self.application_objects: list[str] = []
        self.timings: dict[str, float] = {}  # milliseconds
        self.diff: dict[str, str] = {}
        self.warnings: list[str] = []

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Add the time that the block takes to `timings`."""
        begin = time.monotonic()
        try:
            yield
        finally:
            spent = (time.monotonic() - begin) * 1000
            self.timings[what] = round(self.timings.get(what, 0) + spent, 1)

    def as_result(self, would_apply: bool) -> dict[str, object]:
        """Return the result for Ansible. In a preview, files that would be applied count as a change."""
        result = {
            "changed": bool(self.applied or self.adopted or self.extensions or (would_apply and self.pending)),
            "applied": self.applied,
            "adopted": self.adopted,
            "pending": self.pending,
            "extensions": self.extensions,
            "version": self.version,
            "drift": self.drift,
            "differences": self.differences,
            "application_objects": self.application_objects,
            "timings": self.timings,
        }
        if self.diff:
            result["diff"] = self.diff
        return result
