"""Ansible lookup: what is wrong with the variables of a host, a sentence each."""

from __future__ import annotations

DOCUMENTATION = r"""
name: variable_problems
short_description: Variables with a wrong value, and those that do not exist
description:
  - Compares the values of a host's variables with the argument specifications of roles, each variable once. What the
    wiring sets is another role's result, which is not there yet, and is left out.
  - Names variables that look like one of ours and are none, with the nearest name that there is.
options:
  _terms:
    description: Roles whose variables are checked.
    required: true
  foreign:
    description: Variables of others that may look like ours.
    type: list
    elements: str
    default: []
author: Jarvis data tier
"""

EXAMPLES = r"""
msg: "{{ query('variable_problems', 'postgres', 'redis') }}"
"""

RETURN = r"""
_raw:
  description: Sentences that name the variable, what it is, and what it has to be.
  type: list
"""

import difflib
import re
from functools import cache
from pathlib import Path

import yaml
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.lookup import LookupBase

ROLES = Path(__file__).parents[2]
WIRING = ROLES.parent / "playbooks/wiring/vars/main"
# Variables that playbooks themselves read.
OF_PLAYBOOKS = {
    "confirmed",
    "deploy_all_or_nothing",
    "deploy_full",
    "images_pin",
    "verify_disruptive",
    "verify_drift",
    "verify_enabled",
}
# A name without one of our prefixes counts as a misspelt one of ours if it is as similar as this.
NEAR = 0.9
LONGEST = 100  # characters of a value that are shown
ARTICLES = {"int": "a whole number", "bool": "true or false", "float": "a number", "str": "text", "path": "a path"}


@cache
def read(path):
    """Return what a YAML file holds."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@cache
def wired_names():
    """Return the variables that the wiring sets."""
    return frozenset(name for path in WIRING.glob("*.yml") for name in read(path))


def all_options(role):
    """Return the options of a role by name, also those that the wiring sets."""
    return read(ROLES / role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]


def options_of_inventories(role):
    """Return the options of a role that an inventory may set, by name."""
    return {name: option for name, option in all_options(role).items() if name not in wired_names()}


@cache
def known_names():
    """Return the names that we know: (those that an inventory may set, all of them)."""
    own, internal = set(OF_PLAYBOOKS), set(wired_names())
    for role in (path.parents[1].name for path in ROLES.glob("*/meta/argument_specs.yml")):
        own |= options_of_inventories(role).keys()
        internal |= all_options(role).keys()
    for variables in ROLES.glob("*/vars/main.yml"):
        internal |= read(variables).keys()
    for tasks in ROLES.glob("*/tasks/*.yml"):
        internal |= set(re.findall(r"^\s*register: (\w+)$", tasks.read_text(encoding="utf-8"), re.MULTILINE))
    return frozenset(own), frozenset(own | internal)


def unknown_problems(names, foreign=()):
    """Yield a problem for each of C(names) that looks like a variable of ours but is not one."""
    own, known = known_names()
    prefixes = tuple(f"{path.name}_" for path in ROLES.iterdir() if path.is_dir())
    for name in sorted(set(names) - known - set(foreign)):
        nearest = difflib.get_close_matches(name, own, n=1, cutoff=0.6)
        is_near = difflib.get_close_matches(name, own, n=1, cutoff=NEAR)
        if is_near or name.startswith(prefixes):
            hint = f" Did you mean {nearest[0]}?" if nearest else ""
            yield (
                f"{name} is no variable of this project.{hint} If it is meant for something else, list it in "
                "preflight_foreign_variables."
            )


def value_problems(name, option, value):
    """Yield a problem for the value of a variable that its specification does not allow."""
    messages = ArgumentSpecValidator({name: option}).validate({name: value}).error_messages
    if not messages:
        return
    is_secret = "password" in name
    shown = "is set" if is_secret else f"is {str(value)[:LONGEST]!r}"
    if any("unable to convert" in message for message in messages):
        wanted = ARTICLES.get(option.get("type", "str"), f"a {option.get('type')}")
        yield f"{name} {shown}, and has to be {wanted}."
    elif is_secret:
        yield f"{name} is not as its role's README tells."
    else:
        yield f"{name} {shown}: {messages[0][: LONGEST * 3]}."


class LookupModule(LookupBase):
    """The lookup."""

    def run(self, terms, variables=None, **kwargs):
        """Return the problems of the variables of some roles, and of unknown ones."""
        self.set_options(var_options=variables, direct=kwargs)
        variables = variables or {}
        problems = list(unknown_problems(map(str, variables), self.get_option("foreign")))
        for role in terms:
            for name, option in options_of_inventories(role).items():
                # Our own defaults need no check, and some depend on results that are only known after a look at the
                # host.
                if name in variables and variables[name] != option.get("default"):
                    try:
                        value = self._templar.template(variables[name])
                    except AnsibleError as error:
                        problems.append(f"{name} cannot be evaluated: {self.reason(name, error)}")
                        continue
                    problems += value_problems(name, option, value)
        return problems

    @staticmethod
    def reason(name, error):
        """Return why a value cannot be evaluated, without showing a part of a password."""
        return "what it holds is not shown." if "password" in name else f"{str(error).splitlines()[0]}"
