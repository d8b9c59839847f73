"""Give the module digests of everything that the deployment wants of a host."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

import yaml
from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.release import __version__

PROJECT = Path(__file__).parents[3]
# If one of these files changes, something else is wanted. tests/infra is among them: it says what "proven" means.
PARTS = ["ansible.cfg", "site.yml", "playbooks", "roles/*", "sql", "tests/infra"]
BUILT = {"__pycache__"}
# These variables say how to deploy, not what.
OF_THE_RUN = {"look_full"}


def options():
    """Return the names of the variables of all roles."""
    names = set()
    for path in PROJECT.glob("roles/*/meta/argument_specs.yml"):
        names |= yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"].keys()
    return sorted(names - OF_THE_RUN)


def digest_of(paths):
    """Return a digest of files, by name and content, and of all files in folders."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and not BUILT & set(file.parts):
                content = file.read_bytes()
                digest.update(f"{file.relative_to(path.parent)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def outside(value):
    """Return a digest for the file or folder of this machine that a variable names, an empty text if it names none.

    The path itself does not count, because another clone of the project wants the same.
    """
    try:
        path = (PROJECT / value).resolve() if isinstance(value, str) and os.sep in value and "\n" not in value else None
        if path is None or not path.exists():
            return ""
        if path.is_dir() and list(path.glob("*.sql")):
            return digest_of(path.glob("*.sql"))
        state = path.stat()
        # An archive of images is too large to be read each time.
        return f"{state.st_size} {state.st_mtime_ns}" if path.is_file() else ""
    except OSError:
        return ""


def project_digests():
    """Return a digest of each part of the project."""
    paths = [path for part in PARTS for path in PROJECT.glob(part)]
    return {f"project: {path.relative_to(PROJECT)}": digest_of([path]) for path in paths}


# The same for every host: read once, by Ansible's process, of which each host's task is a fork.
OPTIONS = options()
PROJECT_DIGESTS = project_digests()


class ActionModule(ActionBase):
    """Fill in C(wanted) for a comparison; the module does the rest."""

    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        """Run the module. If the task asks for it with C(wanted: {}), fill in the digests first."""
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        if arguments.get("state", "compared") == "compared" and "wanted" in arguments:
            arguments["wanted"] = self.wanted(task_vars)
        result = self._execute_module(module_args=arguments, task_vars=task_vars)
        # Remove the arguments from the result, because -vvv would show them.
        result.pop("invocation", None)
        return result

    def wanted(self, variables):
        """Return digests of the project's files, of the variables of all roles, and of who runs them."""
        found = dict(PROJECT_DIGESTS)
        found["Ansible"] = f"{__version__} {sys.version}"
        found["groups of the host"] = json.dumps(sorted(variables["group_names"]))
        for name in OPTIONS:
            if name in variables:
                value = self.resolved(variables[name])
                found[f"variable {name}"] = digest_text(
                    outside(value) or json.dumps(value, sort_keys=True, default=str)
                )
        return found

    def resolved(self, value):
        """Return a variable's value, or its template if that needs results which only the roles find out."""
        try:
            return self._templar.template(value)
        except AnsibleError:
            return value


def digest_text(text):
    """Return the digest of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
