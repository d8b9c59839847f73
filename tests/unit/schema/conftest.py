"""Find the role's modules where they are."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "roles/schema/module_utils"))
