"""The memory that large files cost when they are applied, and afterwards."""

from __future__ import annotations

import pathlib
import sys

import pytest
from jarvis_schema import files, splitter
from schema_server import Database
from test_schema_ansible import play

MEASURING = """#!{python}
import resource, subprocess, sys
code = subprocess.call([{python!r}, *sys.argv[1:]])
with open({report!r}, "a") as report:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=report)
sys.exit(code)
"""
LIMIT_MB = 300


@pytest.fixture
def measured(tmp_path: pathlib.Path) -> tuple[str, pathlib.Path]:
    """Return an interpreter that notes how much memory, in MB, each of its runs took; and the file with the notes."""
    interpreter, report = tmp_path / "python", tmp_path / "memory"
    interpreter.write_text(MEASURING.format(python=sys.executable, report=str(report)))
    interpreter.chmod(0o755)
    return str(interpreter), report


def test_fifty_megabytes_are_applied_within_300_mb(
    tmp_path: pathlib.Path, database: Database, measured: tuple[str, pathlib.Path]
) -> None:
    interpreter, report = measured
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_table.sql").write_text("CREATE TABLE public.large (line text);\n")
    row = "INSERT INTO public.large (line) VALUES ('" + "an owl 🦉; " * 160 + "');\n"
    (folder / "0002_rows.sql").write_text(row * (25_000_000 // len(row.encode())))
    (folder / "0003_literal.sql").write_text("INSERT INTO public.large VALUES ('" + "x;é" * 6_250_000 + "');\n")
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert size > 49_000_000
    code, result, printed = play(tmp_path, database, schema_path=str(folder), ansible_python_interpreter=interpreter)
    assert code == 0, printed
    assert result["applied"] == ["0001_table.sql", "0002_rows.sql", "0003_literal.sql"]
    assert database.execute("SELECT max(length(line)) FROM public.large") == [(18_750_000,)]
    used = max(map(int, report.read_text().split()))
    print(f"{used} MB")
    assert used < LIMIT_MB


def test_what_is_applied_is_not_looked_into_again(deployed: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(_: bytes) -> None:
        raise AssertionError("an applied file was looked into")

    monkeypatch.setattr(files, "complaints", look)
    monkeypatch.setattr(files, "split", look)
    monkeypatch.setattr(splitter, "split", look)
    assert deployed.run().applied == []
    assert deployed.run(state="verified").drift == []
