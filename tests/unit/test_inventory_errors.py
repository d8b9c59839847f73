"""Whatever is wrong in an inventory, no line with a password is shown, and nothing is touched."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
HOST = "all: {children: {postgres: {hosts: {h: {ansible_connection: local, ansible_become: false}}}}}"
PASSWORD = "credentials_postgres_password"
# The first tasks of site.yml, and not site.yml itself: an inventory that is not refused would be deployed to this
# machine.
BEGINNING = f"""
- hosts: postgres
  gather_facts: false
  roles: ["{PROJECT}/playbooks/wiring"]
  tasks:
    - ansible.builtin.import_role: {{name: credentials, tasks_from: secrets}}
      when: false
    - ansible.builtin.import_role: {{name: tls, tasks_from: inspect}}
      when: false
    - ansible.builtin.import_role: {{name: preflight, tasks_from: passwords}}
    - ansible.builtin.import_role: {{name: preflight, tasks_from: inventory}}
"""


def check(folder, *arguments):
    """Check an inventory as a deployment begins; return the exit code and all that was printed, on one line."""
    (folder / "beginning.yml").write_text(BEGINNING)
    done = subprocess.run(
        ["ansible-playbook", folder / "beginning.yml", "-i", folder / "hosts.yml", *arguments],
        cwd=PROJECT,
        env={**os.environ, "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"), "COLUMNS": "250"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "hosts.yml").write_text(HOST)
    (tmp_path / "group_vars").mkdir()
    return tmp_path


@pytest.mark.parametrize("value", ["'sEcret", "@sEcret", "!sEcret x", "a: sEcret"])
def test_yaml_error_shows_no_line_of_the_variables(folder, value):
    text = f"neighbour: sEcret\n{PASSWORD}: {value}\n"
    (folder / "group_vars/all.yml").write_text(text)
    code, printed = check(folder)
    assert code != 0
    assert "sEcret" not in printed
    assert "YAML parsing failed" in printed
    assert f"It is in {folder}/group_vars/all.yml:" in printed


def test_yaml_error_in_the_hosts_and_in_a_file_of_extra_variables_names_the_place_alone(folder):
    (folder / "extra.yml").write_text(f"neighbour: sEcret\n{PASSWORD}: 'sEcret\n")
    code, printed = check(folder, "-e", f"@{folder}/extra.yml")
    assert code != 0
    assert f"Origin: {folder}/extra.yml:" in printed
    (folder / "hosts.yml").write_text(f"all:\n  vars:\n    neighbour: sEcret\n    {PASSWORD}: !sEcret x\n")
    printed_too = check(folder)[1]
    assert f"Origin: {folder}/hosts.yml:" in printed_too
    assert "sEcret" not in printed + printed_too


PASSWORDS = [f"credentials_{name}_password" for name in ("postgres", "readonly", "redis", "redis_admin", "backup")]


@pytest.mark.parametrize(
    "values",
    [
        ["'{{ sEcret }}'", "'a{{sEcret'", "'a{% sEcret %}b'", "'{{ \"sEcret }}'", "{sEcret: x}"],
        [
            "'{{ x.sEcret }}'",
            '\'{{ lookup("file", "sEcret") }}\'',
            "'{{ 1 | sEcret }}'",
            "[sEcret]",
            "!vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  735e",
        ],
    ],
)
def test_passwords_that_cannot_be_evaluated_are_refused_by_their_names(folder, values):
    given = "".join(f"{name}: {value}\n" for name, value in zip(PASSWORDS, values, strict=True))
    (folder / "group_vars/all.yml").write_text(f"neighbour: sEcret\n{given}")
    code, printed = check(folder, "-vvv")
    assert code == 2
    assert f"Nothing was changed. {', '.join(PASSWORDS)}: the value is no text, or Ansible takes" in printed
    assert "sEcret" not in printed
    assert "TASK [preflight : Check the variables of every role]" not in printed


def test_passwords_that_can_be_evaluated_are_not_refused_for_their_signs(folder):
    values = ("!unsafe 'a{{ sEcret }}'", "'{{ elsewhere }}'", "12345", "null", "'%@!{}'")
    given = "".join(f"{name}: {value}\n" for name, value in zip(PASSWORDS, values, strict=True))
    (folder / "group_vars/all.yml").write_text(f"elsewhere: a\npostgres_port: wrong\n{given}")
    code, printed = check(folder)
    assert code == 2
    # The next check refuses it.
    assert "TASK [preflight : Check the variables of every role]" in printed
    assert "sEcret" not in printed


def test_deployment_and_rotation_refuse_such_passwords_before_anything_uses_one():
    variables = yaml.safe_load((PROJECT / "roles/preflight/tasks/variables.yml").read_text())
    assert [task.get("ansible.builtin.import_tasks") for task in variables] == [
        None,
        None,
        "passwords.yml",
        "inventory.yml",
    ]
    deployment = yaml.safe_load((PROJECT / "playbooks/site.yml").read_text())[1]["tasks"]
    assert deployment[0]["ansible.builtin.import_role"]["tasks_from"] == "variables"
    rotation = yaml.safe_load((PROJECT / "playbooks/rotate.yml").read_text())[0]["pre_tasks"]
    roles = [task.get("ansible.builtin.import_role", {}).get("tasks_from") for task in rotation]
    uses = ["credentials_given" in str(task) for task in rotation]
    assert roles.index("variables") < uses.index(True)


def test_error_in_a_role_still_shows_its_line(folder):
    code, printed = check(folder, "-e", '{"preflight_roles": ["nowhere"]}')
    assert code == 2
    assert "- name: Check the variables of every role" in printed
