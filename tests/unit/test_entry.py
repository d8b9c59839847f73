"""The entry point explains itself and refuses what it does not know."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


def jarvis(*words):
    return subprocess.run([PROJECT / "jarvis", *words], capture_output=True, text=True, check=False, cwd="/")


@pytest.mark.parametrize("words", [(), ("help",), ("--help",)])
def test_help_lists_every_word_with_what_it_does(words):
    shown = jarvis(*words)
    assert shown.returncode == 0
    for line in (
        "  deploy         Deploy: turn hosts into the data tier, or bring them back to it",
        "  down           Stop and remove the containers; every volume, and so every row and key, stays",
        "  rotate         Replace passwords by new ones, without a restart: ./jarvis rotate [app|readonly|redis|all]",
        "  status         Show what runs where: containers, health, since when, and the size of the data",
        "  verify         Prove what is promised, on every host: containers, servers, schema, clients",
    ):
        assert line in shown.stdout.splitlines()
    listed = {line.split()[0] for line in shown.stdout.splitlines() if line.startswith("  ")}
    words_of_playbooks = {path.stem for path in (PROJECT / "playbooks").glob("*.yml")} - {"site"}
    assert listed == words_of_playbooks | {"deploy", "test"}


def test_unknown_word_is_refused_with_a_hint():
    shown = jarvis("deplyo")
    assert shown.returncode == 1
    assert shown.stderr == "jarvis: there is no 'deplyo'; ./jarvis help lists what there is\n"


def test_every_playbook_begins_with_its_line_for_the_help():
    for path in (PROJECT / "playbooks").glob("*.yml"):
        assert path.read_text().startswith("# "), f"{path.name} has no first comment line"


def test_word_after_rotate_reaches_the_playbook_and_an_unknown_one_is_refused(tmp_path):
    # Refused before the host is looked at, so none is needed.
    (tmp_path / "hosts.yml").write_text(
        "postgres: {hosts: {localhost: {ansible_connection: local, ansible_become: false}}}"
    )
    for words in (("everything", "-i", tmp_path), ("-i", tmp_path, "-e", "rotate=everything")):
        shown = jarvis("rotate", *words)
        assert shown.returncode == 2
        assert '"everything" stands for no password; ./jarvis rotate takes one of' in " ".join(shown.stdout.split())


def test_option_pin_reaches_the_playbook_wherever_it_stands(tmp_path):
    # One that cannot be pinned says so; the preview needs no engine and the refusal writes nothing.
    (tmp_path / "hosts.yml").write_text(
        "postgres: {hosts: {localhost: {ansible_connection: local, ansible_become: false, images_source: build}}}"
    )
    for words in (("--pin", "-i", tmp_path, "--check"), ("-i", tmp_path, "--check", "--pin")):
        shown = jarvis("images", *words)
        assert shown.returncode == 2
        assert "Nothing was written. images_source is build" in shown.stdout
