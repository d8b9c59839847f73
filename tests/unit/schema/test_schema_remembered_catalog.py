"""The remembered catalog does not count any more if the queries to the catalog change."""

from __future__ import annotations

import hashlib

from jarvis_schema import catalog, remembered_catalog


def test_questions_are_the_ones_that_the_digest_stands_for() -> None:
    digest = hashlib.sha256("\0".join(catalog.QUERIES).encode()).hexdigest()[:16]
    assert digest == remembered_catalog.QUESTIONS, (
        f"the questions were changed: write {digest} into remembered_catalog.py"
    )
