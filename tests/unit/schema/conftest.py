"""Make the role's modules importable."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "roles/schema/module_utils"))
