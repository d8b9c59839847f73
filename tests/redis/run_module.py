"""Run a module of the role in a process of its own: its name as argument, its arguments as JSON on standard input."""

import json
import pathlib
import runpy
import sys

import ansible.module_utils
from ansible.module_utils import basic

PROJECT = pathlib.Path(__file__).parents[2]
ROLE = PROJECT / "roles/redis"

# Ansible packs our module utilities beside its own, so here both are found in one package.
ansible.module_utils.__path__ += [str(ROLE / "module_utils"), str(PROJECT / "playbooks/module_utils")]
basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": json.load(sys.stdin)}).encode()
basic._ANSIBLE_PROFILE = "legacy"
runpy.run_path(str(ROLE / f"library/{sys.argv[1]}.py"), run_name="__main__")
