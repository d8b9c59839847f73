"""The role's Python code, importable as the modules themselves import it."""

from __future__ import annotations

import sys
from pathlib import Path

ROLE = Path(__file__).parents[3] / "roles" / "images"

# The recipe folder is hashed and copied to hosts: no byte code may appear in it.
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROLE / "module_utils"), str(ROLE / "library"), str(ROLE / "files" / "recipe")]
