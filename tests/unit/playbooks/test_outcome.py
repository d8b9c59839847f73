"""A run over several hosts ends with one line for each host: what was changed, or why it failed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
PLAYBOOK = """
- name: Play
  hosts: all
  gather_facts: false
  tasks:
    - name: Look
      ansible.builtin.command: "true"
      changed_when: false
    - name: Write
      ansible.builtin.copy: {dest: "{{ folder }}/{{ inventory_hostname }}", content: x, mode: "0600"}
      when: inventory_hostname in ['db1', 'db2']
    - name: Mended
      when: inventory_hostname == 'db1'
      block:
        - name: Break
          ansible.builtin.fail: {msg: this is mended}
          run_once: "{{ once | default(false) }}"
      rescue:
        - name: Mend
          ansible.builtin.command: "true"
          changed_when: true
    - name: Check
      ansible.builtin.fail: {msg: "memory is too small,\\nfor one"}
      when: inventory_hostname == 'db2'
    - name: Check each
      ansible.builtin.assert: {that: item != 3, fail_msg: "{{ item }} is not good"}
      loop: [1, 2, 3]
      when: inventory_hostname == 'db5'
    - name: Check for all
      ansible.builtin.fail: {msg: nobody goes on}
      any_errors_fatal: true
      when: inventory_hostname == 'db6'
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs a play on hosts and returns the lines that follow the recap."""
    (tmp_path / "play.yml").write_text(PLAYBOOK)

    def play(*hosts, options=()):
        lines = [f"{host} ansible_connection=local ansible_python_interpreter={sys.executable}" for host in hosts]
        lines += ["db4 ansible_host=127.0.0.1 ansible_port=1"] if "db3" in hosts else []
        (tmp_path / "hosts").write_text("\n".join(lines))
        done = subprocess.run(
            ["ansible-playbook", tmp_path / "play.yml", "-i", tmp_path / "hosts", "-e", f"folder={tmp_path}", *options],
            env={**os.environ, "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "true"},
            capture_output=True,
            text=True,
            check=False,
        )
        _, found, after = done.stdout.partition("\nHOSTS ***")
        return after.splitlines()[1:] if found else []

    return play


def test_each_host_has_a_line(run):
    changed, failed, unchanged, unreached, looped = filter(None, run("db1", "db2", "db3", "db5"))
    assert changed == "db1 : changed: Write, Mend"
    assert failed == "db2 : failed: Check: memory is too small, for one"
    assert unchanged == "db3 : unchanged"
    assert unreached.startswith("db4 : not reached: ")
    assert "127.0.0.1" in unreached
    assert looped == "db5 : failed: Check each: 3 is not good"


def test_preview_says_what_it_would_change(run):
    assert run("db1", "db5", options=["--check"])[0] == "db1 : would change: Write"


def test_host_that_is_stopped_by_another_is_not_called_unchanged(run):
    assert run("db6", "db7") == ["db6 : failed: Check for all: nobody goes on", "db7 : stopped, since db6 failed"]


def test_host_beside_one_that_was_mended_is_not_called_stopped(run):
    lines = run("db1", "db7", options=["-e", "once=true"])
    assert lines == ["db1 : changed: Write, Mend", "db7 : unchanged"]


def test_one_host_alone_needs_no_line(run):
    assert run("db1") == []


def test_failed_command_is_told_in_its_own_words(load):
    said = load("../playbooks/callback_plugins/outcome").said
    assert said({"msg": "non-zero return code", "rc": 1, "stderr": "no room\n", "stdout": "x"}) == "no room"
    assert said({"msg": "non-zero return code", "rc": 1, "stderr": "", "stdout": "no\nroom"}) == "no room"
    assert said({"msg": "non-zero return code", "rc": 1, "stderr": ""}) == "non-zero return code"


def test_many_changes_are_counted_by_role(load):
    tasks = ["docker : a", "docker : b", "images : c", "images : d", "images : e", "client : f"]
    assert load("../playbooks/callback_plugins/outcome").in_short(tasks) == "6 tasks: docker 2, images 3, client 1"
