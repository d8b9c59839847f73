"""Run the module in a process of its own, with the arguments given as JSON on standard input."""

import base64
import json
import pathlib
import runpy
import sys

import ansible.module_utils
from ansible.module_utils import basic

ROLE = pathlib.Path(__file__).parents[2] / "roles/schema"

arguments = json.load(sys.stdin)
arguments["files"] = [
    {"name": name, "content": base64.b64encode(text.encode()).decode()} for name, text in arguments["files"].items()
]
arguments.setdefault("path", "sql/migrations")
# Ansible packs the role's module_utils beside its own, so here both are found in one package.
ansible.module_utils.__path__.append(str(ROLE / "module_utils"))
basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
basic._ANSIBLE_PROFILE = "legacy"
runpy.run_path(str(ROLE / "library/postgres_migrations.py"), run_name="__main__")
