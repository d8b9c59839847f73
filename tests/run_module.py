"""Run a module in a process of its own, with the arguments given as JSON on standard input: run_module.py MODULE."""

import json
import pathlib
import runpy
import sys

import ansible.module_utils
from ansible.module_utils import basic

SHARED = pathlib.Path(__file__).parents[1] / "playbooks"

# Ansible packs our shared module utilities beside its own, so here both are found in one package.
ansible.module_utils.__path__.append(str(SHARED / "module_utils"))
basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": json.load(sys.stdin)}).encode()
basic._ANSIBLE_PROFILE = "legacy"
runpy.run_path(str(SHARED / "library" / f"{sys.argv[1]}.py"), run_name="__main__")
