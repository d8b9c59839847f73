"""Test hosts run what Ansible has packed: the bytecode if their Python can load it, else the source."""

from __future__ import annotations

import importlib.util
import io
import subprocess
import sys
import zipfile
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[1] / "plugins/callback/packed_modules.py"


@pytest.mark.parametrize(
    ("magic", "answer"), [(MAGIC_NUMBER, "bytecode"), (b"other Python"[: len(MAGIC_NUMBER)], "source")]
)
def test_bytecode_is_loaded_by_its_own_python_alone(tmp_path: Path, magic: bytes, answer: str) -> None:
    specification = importlib.util.spec_from_file_location("packed_modules", PLUGIN)
    plugin = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(plugin)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as members:
        members.writestr("packed/__init__.py", "")
        members.writestr("packed/module.py", "print('bytecode')")
    with zipfile.ZipFile(io.BytesIO(plugin.with_bytecode(packed.getvalue()))) as members:
        files = {name: members.read(name) for name in members.namelist()}
    assert sorted(files) == ["packed/__init__.py", "packed/__init__.pyc", "packed/module.py", "packed/module.pyc"]
    # Two sources with different results.
    files["packed/module.py"] = b"print('source')"
    files["packed/module.pyc"] = magic + files["packed/module.pyc"][len(magic) :]
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as members:
        for name, content in files.items():
            members.writestr(name, content)
    told = subprocess.run(
        [sys.executable, "-c", "import packed.module"],
        env={"PYTHONPATH": str(tmp_path / "packed.zip")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == answer
