"""What a role gives to others, and needs of them, is declared where its variables are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
ROLES = sorted(path.name for path in (PROJECT / "roles").iterdir() if path.is_dir())
WIRING = sorted((PROJECT / "playbooks/wiring/vars/main").glob("*.yml"))
# Variables of playbooks whose names begin like those of a role.
OF_PLAYBOOKS = {"images_pin", "postgres_enabled", "redis_enabled"}
# Required variables that the wiring does not set: a playbook does, anew for each server.
SET_BY_PLAYBOOKS = {"data_server"}


def declared(role, entry):
    """Return the options of an entry of a role's specification."""
    specification = yaml.safe_load((PROJECT / "roles" / role / "meta/argument_specs.yml").read_text())
    return specification["argument_specs"].get(entry, {}).get("options", {})


def given(role):
    """Return the public names that a role's tasks register, that its variables define, and that its modules set."""
    folder = PROJECT / "roles" / role
    tasks = "".join(path.read_text() for path in folder.glob("tasks/*.yml"))
    names = set(re.findall(r"^ +register: ([a-z]\w*)$", tasks, re.MULTILINE))
    for path in folder.glob("vars/main.yml"):
        names |= {name for name in yaml.safe_load(path.read_text()) if not name.startswith("_")}
    for path in folder.glob("library/*.py"):
        facts = re.findall(r'ansible_facts=\{f?"([a-z_{}]+)"', path.read_text())
        names |= {re.sub(r"\{.*\}", "SERVER", fact) for fact in facts}
    return names


def wired():
    """Return the variables that the wiring sets."""
    return {name for path in WIRING for name in yaml.safe_load(path.read_text())}


def code(paths):
    """Return what files hold besides comments."""
    return "".join(re.sub(r"^ *#.*", "", path.read_text(), flags=re.MULTILINE) for path in paths)


def read_by_playbooks(role):
    """Return the variables of a role that playbooks and wiring read, each with the key that they take from it."""
    text = code([*WIRING, *PROJECT.glob("playbooks/*.yml"), *PROJECT.glob("playbooks/tasks/*.yml")])
    return set(re.findall(rf"(?<![\w.'/-]){role}_[a-z_]+(?:\.[a-z_]+)?(?![\w:])", text))


@pytest.mark.parametrize("role", ROLES)
def test_results_are_what_the_role_gives(role):
    assert {name.partition(".")[0] for name in declared(role, "results")} == given(role)


@pytest.mark.parametrize("role", ROLES)
def test_playbooks_read_only_what_the_role_declares(role):
    known = declared(role, "results").keys() | declared(role, "main").keys() | OF_PLAYBOOKS
    assert [name for name in sorted(read_by_playbooks(role)) if not {name, name.partition(".")[0]} & known] == []


@pytest.mark.parametrize("role", ROLES)
def test_required_variables_are_given(role):
    required = {name for name, option in declared(role, "main").items() if option.get("required")}
    assert required - wired() - SET_BY_PLAYBOOKS == set()


@pytest.mark.parametrize("role", ROLES)
def test_wiring_sets_only_variables_that_the_role_declares(role):
    wired_for_role = {name for name in wired() if name.startswith(f"{role}_")}
    assert wired_for_role - declared(role, "main").keys() - OF_PLAYBOOKS == set()


@pytest.mark.parametrize("role", ROLES)
def test_roles_read_no_result_of_another(role):
    folder = PROJECT / "roles" / role
    text = code(path for kind in ("tasks", "vars", "templates", "defaults") for path in folder.rglob(f"{kind}/**/*.*"))
    results = {name.partition(".")[0] for other in ROLES if other != role for name in declared(other, "results")}
    assert [name for name in sorted(results) if re.search(rf"\b{name}\b", text)] == []
