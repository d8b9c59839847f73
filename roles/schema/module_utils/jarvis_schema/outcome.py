"""What the module returns, filled in while it works, so that a failure tells it, too."""

import time
from contextlib import contextmanager
from typing import Dict, Iterator, List


class Outcome:
    """The result of one run."""

    def __init__(self) -> None:
        self.applied: List[str] = []
        self.adopted: List[str] = []
        self.pending: List[str] = []
        self.version = 0
        self.drift: List[Dict[str, object]] = []
        self.application_objects: List[str] = []
        self.timings: Dict[str, float] = {}  # milliseconds
        self.diff: Dict[str, str] = {}
        self.warnings: List[str] = []

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Add the time of the block to `timings`."""
        begin = time.monotonic()
        try:
            yield
        finally:
            spent = (time.monotonic() - begin) * 1000
            self.timings[what] = round(self.timings.get(what, 0) + spent, 1)

    def as_result(self, would_apply: bool) -> Dict[str, object]:
        """Return it the way Ansible wants it.

        Args:
            would_apply: a preview, in which what is pending counts as a change.
        """
        result = {
            "changed": bool(self.applied or self.adopted or (would_apply and self.pending)),
            "applied": self.applied,
            "adopted": self.adopted,
            "pending": self.pending,
            "version": self.version,
            "drift": self.drift,
            "application_objects": self.application_objects,
            "timings": self.timings,
        }
        if self.diff:
            result["diff"] = self.diff
        return result
