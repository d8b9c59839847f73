"""A failed verification can be read in seconds: one line for each cause, and the whole text in a file."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

INFRA = Path(__file__).parents[2] / "infra"


@pytest.fixture(scope="module")
def verdicts():
    specification = importlib.util.spec_from_file_location("verdict", INFRA / "verdict.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def crashed(name, message):
    return SimpleNamespace(
        nodeid=f"tests/infra/common/test_x.py::{name}",
        longrepr=SimpleNamespace(reprcrash=SimpleNamespace(message=message)),
    )


def stopped(name, words):
    return crashed(name, f"Failed: {words}")


def reached(failed, passed=0, recorded=()):
    host = SimpleNamespace(run=lambda command: SimpleNamespace(stdout=f"log of {command.split()[4]}"))
    return SimpleNamespace(
        failed=failed, passed=passed, recorded=list(recorded), carried=["common", "redis"], testinfra_host=host
    )


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (
            "assert ('root', '0o644') == ('root', '0o640')\n  diff",
            "file is for root (a): found ('root', '0o644'), wanted ",
        ),
        ("AssertionError: assert 1 == 2", "file is for root (a): found 1, wanted 2"),
        ("assert 'on' in {}", "file is for root (a): not so: 'on' in {}"),
        ("AssertionError: table x is missing\nassert 'x' in {}", "table x is missing"),
        ("RuntimeError: connection refused", "file is for root (a): connection refused"),
        ("KeyError: 'Health'", "file is for root (a): KeyError: 'Health'"),
    ],
)
def test_cause_is_one_line_with_what_was_found_and_wanted(verdicts, message, line):
    (told,) = verdicts.causes([crashed("test_file_is_for_root[a]", message)])
    assert told.startswith(line)
    assert "\n" not in told


def test_cause_of_many_is_told_once_and_counts_them(verdicts):
    words = "jarvis-redis is exited.\nIt was stopped."
    others = [stopped("test_a", words), crashed("test_b", "AssertionError: b is wrong"), stopped("test_c", words)]
    assert verdicts.causes(others) == [
        "jarvis-redis is exited. (1 more promises were not looked at)\n   It was stopped.",
        "b is wrong",
    ]


def test_exception_that_stops_many_is_told_once(verdicts):
    refused = "psycopg2.OperationalError: password authentication failed"
    others = [crashed("test_a", refused), crashed("test_b", "KeyError: 'b'"), crashed("test_c", refused)]
    assert verdicts.causes(others) == [f"{refused} (2 promises fail over it)", "b: KeyError: 'b'"]


def test_verdict_names_the_host_and_keeps_the_whole_text(verdicts, tmp_path):
    failed = [crashed("test_b", "AssertionError: b is wrong")]
    told = verdicts.verdict("db/1", 1, "pytest's words", reached(failed, passed=7), tmp_path)
    assert told["failed"] is True
    assert told["msg"].splitlines()[:2] == ["db/1: 1 thing is wrong; 7 promises hold.", "1. b is wrong"]
    report = (tmp_path / "verify-db_1.txt").read_text()
    assert str(tmp_path / "verify-db_1.txt") in told["msg"]
    assert report.startswith("pytest's words")
    assert "log of jarvis-redis" in report


def test_passed_run_tells_how_many_and_what_was_recorded(verdicts, tmp_path):
    told = verdicts.verdict("db1", 0, "", reached([], passed=97, recorded=["certificate: 824 days left"]), tmp_path)
    assert told == {"failed": False, "msg": "97 passed; certificate: 824 days left"}


@pytest.mark.parametrize(("code", "passed"), [(0, 0), (2, 3), (4, 0), (5, 0)])
def test_run_that_tested_nothing_or_was_cut_off_has_not_passed(verdicts, tmp_path, code, passed):
    told = verdicts.verdict("db1", code, "why", reached([], passed=passed), tmp_path)
    assert told == {"failed": True, "msg": "db1: the tests did not run: why"}
