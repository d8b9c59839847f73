"""Whatever is wrong in an inventory, no line with a password is shown, and nothing is touched."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
HOST = "all: {children: {postgres: {hosts: {h: {ansible_connection: local, ansible_become: false}}}}}"
PASSWORD = "credentials_postgres_password"


def deploy(folder, *arguments, playbook="site.yml"):
    """Run a playbook on an inventory; return the exit code and all that was printed, on one line."""
    done = subprocess.run(
        ["ansible-playbook", playbook, "-i", folder / "hosts.yml", *arguments],
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


BROKEN_YAML = [
    "'sEcret",
    "@sEcret",
    "%sEcret",
    "!sEcret x",
    "*sEcret",
    "[sEcret",
    "a: sEcret",
    '"sEcret\\q"',
    "`sEcret",
]


@pytest.mark.parametrize("value", BROKEN_YAML)
def test_yaml_error_shows_no_line_of_the_variables(folder, value):
    text = f"neighbour: sEcret\n{PASSWORD}: {value}\n"
    (folder / "group_vars/all.yml").write_text(text)
    code, printed = deploy(folder)
    assert code != 0
    assert "sEcret" not in printed
    assert "YAML parsing failed" in printed


@pytest.mark.parametrize("value", ["'sEcret", "!sEcret x"])
def test_yaml_error_in_the_hosts_and_in_a_file_of_extra_variables_names_the_place_alone(folder, value):
    (folder / "extra.yml").write_text(f"neighbour: sEcret\n{PASSWORD}: {value}\n")
    code, printed = deploy(folder, "-e", f"@{folder}/extra.yml")
    assert code != 0
    assert f"Origin: {folder}/extra.yml:" in printed
    (folder / "hosts.yml").write_text(f"all:\n  vars:\n    neighbour: sEcret\n    {PASSWORD}: {value}\n")
    code, printed_too = deploy(folder)
    assert f"Origin: {folder}/hosts.yml:" in printed_too
    assert "sEcret" not in printed + printed_too


UNREADABLE = [
    "'{{ sEcret }}'",
    "'a{{sEcret'",
    "'a{% sEcret %}b'",
    "'{{ \"sEcret }}'",
    "'{{ x.sEcret }}'",
    '\'{{ lookup("file", "sEcret") }}\'',
    "'{{ 1 | sEcret }}'",
    "{sEcret: x}",
    "[sEcret]",
    "!vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  735e",
]


@pytest.mark.parametrize(
    ("value", "playbook"), [*((value, "site.yml") for value in UNREADABLE), (UNREADABLE[0], "playbooks/rotate.yml")]
)
def test_password_that_cannot_be_evaluated_is_refused_by_its_name(folder, value, playbook):
    (folder / "group_vars/all.yml").write_text(f"neighbour: sEcret\n{PASSWORD}: {value}\n")
    code, printed = deploy(folder, "-vvv", playbook=playbook)
    assert code == 2
    assert (
        f"Nothing was changed. {PASSWORD}: the value is no text, or Ansible takes a part of it for a template"
        in printed
    )
    assert "sEcret" not in printed
    assert "TASK [preflight : Check the variables of every role]" not in printed


@pytest.mark.parametrize("value", ["!unsafe 'a{{ sEcret }}'", "'{{ elsewhere }}'", "12345", "null"])
def test_password_that_can_be_evaluated_is_not_refused_for_its_signs(folder, value):
    (folder / "group_vars/all.yml").write_text(f"elsewhere: a\npostgres_port: wrong\n{PASSWORD}: {value}\n")
    code, printed = deploy(folder)
    assert code == 2
    # The next check is what refuses.
    assert "TASK [preflight : Check the variables of every role]" in printed
    assert "sEcret" not in printed


def test_error_in_a_role_still_shows_its_line(folder):
    (folder / "group_vars/all.yml").write_text("preflight_roles: [nowhere]\n")
    code, printed = deploy(folder)
    assert code == 2
    assert "ansible.builtin.validate_argument_spec" in printed
