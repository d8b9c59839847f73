"""The entry point explains itself and refuses what it does not know."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import shutil
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
        "  down           Stop and remove the containers; the data, and so every row and key, stays",
        "  rotate         Replace passwords by new ones, without a restart: ./jarvis rotate [app|readonly|redis|all]",
        "  status         Show what runs where: containers, health, since when, and the size of the data",
        "  verify         Prove what is promised, on every host: containers, servers, schema, clients",
    ):
        assert line in shown.stdout.splitlines()
    listed = {line.split()[0] for line in shown.stdout.splitlines() if line.startswith("  ")}
    words_of_playbooks = {path.stem for path in (PROJECT / "playbooks").glob("*.yml")} - {"site"}
    assert listed == words_of_playbooks | {"bench", "deploy", "setup", "test"}


def test_unknown_word_is_refused_with_a_hint():
    shown = jarvis("deplyo")
    assert shown.returncode == 1
    assert shown.stderr == "jarvis: there is no 'deplyo'; ./jarvis help lists what there is\n"


def test_every_playbook_begins_with_its_line_for_the_help():
    for path in (PROJECT / "playbooks").glob("*.yml"):
        assert path.read_text().startswith("# "), f"{path.name} has no first comment line"


def test_word_after_rotate_reaches_the_playbook_and_an_unknown_one_is_refused(tmp_path):
    # These are refused before the host is looked at, so no host is needed.
    (tmp_path / "hosts.yml").write_text(
        "postgres: {hosts: {localhost: {ansible_connection: local, ansible_become: false}}}"
    )
    for words in (("everything", "-i", tmp_path), ("-i", tmp_path, "-e", "rotate=everything")):
        shown = jarvis("rotate", *words)
        assert shown.returncode == 2
        assert '"everything" stands for no password; ./jarvis rotate takes one of' in " ".join(shown.stdout.split())


def test_option_pin_reaches_the_playbook_wherever_it_stands(tmp_path):
    # An image that cannot be pinned is refused. The preview needs no engine, and the refusal writes nothing.
    (tmp_path / "hosts.yml").write_text(
        "postgres: {hosts: {localhost: {ansible_connection: local, ansible_become: false, images_source: build}}}"
    )
    for words in (("--pin", "-i", tmp_path, "--check"), ("-i", tmp_path, "--check", "--pin")):
        shown = jarvis("images", *words)
        assert shown.returncode == 2
        assert "Nothing was written. images_source is build" in shown.stdout


# A ready environment whose ansible-playbook is replaced by one that shows its arguments.
SHOWN = r"""#!/usr/bin/env python3
import json, os, subprocess, sys
sys.path.insert(0, "PROJECT/roles/credentials/lookup_plugins")
from given_secret import given_secrets
child = subprocess.run(["cat", "/proc/self/environ"], capture_output=True, text=True).stdout
print(json.dumps({"own": open("/proc/self/environ").read(), "child": child, "given": dict(given_secrets(os.environ)),
    "again": dict(given_secrets(os.environ)), "left": os.listdir("/dev/shm"), "arguments": sys.argv}))
"""
NAMES = [f"JARVIS_{name}_PASSWORD" for name in ("POSTGRES", "READONLY", "REDIS", "REDIS_ADMIN", "BACKUP")]


def make_ready(folder, lock):
    """Note in the environment that it was made from a lock file."""
    made_of = 'printf "%s %s %s" "$(sha256sum {})" "$PWD" "$(/usr/bin/python3 --version 2>&1)" > .venv/.lock'
    subprocess.run(["sh", "-c", made_of.format(lock)], cwd=folder, check=True)


@pytest.fixture
def copy(tmp_path):
    """Make a copy of the entry point whose playbooks show what they were given; return its folder."""
    (tmp_path / ".venv/bin").mkdir(parents=True)
    for name in ("jarvis", "requirements.txt", "requirements-test.txt", "site.yml"):
        shutil.copy(PROJECT / name, tmp_path)
    make_ready(tmp_path, "requirements.txt")
    program = tmp_path / ".venv/bin/ansible-playbook"
    program.write_text(SHOWN.replace("PROJECT", str(PROJECT)))
    program.chmod(0o755)
    return tmp_path


def run_copy(folder, env="", mode=0o600, program="", **environment):
    if env:
        (folder / ".env").write_text(env)
        (folder / ".env").chmod(mode)
    return subprocess.run(
        [program or folder / "jarvis", "deploy", "-K"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_environment_of_the_tests_serves_a_deployment_and_one_of_another_lock_does_not(copy):
    make_ready(copy, "requirements-test.txt")
    assert run_copy(copy).returncode == 0
    (copy / "requirements-test.txt").write_text("another==1\n")
    # The index is empty, so no package can be installed.
    assert "Preparing .venv from requirements.txt" in run_copy(copy, PIP_NO_INDEX="1").stdout


def test_setup_makes_the_environment_and_deploys_nothing(copy):
    done = subprocess.run([copy / "jarvis", "setup"], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_bench_gets_its_words_and_no_password(copy):
    make_ready(copy, "requirements-test.txt")
    program = copy / ".venv/bin/python"
    program.write_text('#!/bin/sh\necho "$@"\nenv | grep ^JARVIS_; ls /proc/self/fd\n')
    program.chmod(0o755)
    (copy / ".env").write_text("JARVIS_REDIS_PASSWORD=secret\n")
    (copy / ".env").chmod(0o600)
    done = subprocess.run([copy / "jarvis", "bench", "--quick"], capture_output=True, text=True, check=True)
    first, *rest = done.stdout.split()
    assert (first, rest[:2]) == ("-m", ["bench", "--quick"])
    assert not {"JARVIS_REDIS_PASSWORD", "JARVIS_SECRETS_FD"} & {word.partition("=")[0] for word in rest}
    assert "9" not in rest[2:]


def test_link_to_the_entry_point_works_as_it_does(copy, tmp_path_factory):
    link = tmp_path_factory.mktemp("bin") / "jarvis"
    link.symlink_to(copy / "jarvis")
    told = json.loads(run_copy(copy, program=link).stdout)
    assert told["arguments"][1:] == ["site.yml", "-K"]


def on_a_terminal(folder, answer, *words):
    """Return (exit code, all that is shown) of a run on a terminal, where a person types C(answer)."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [folder / "jarvis", *words], stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as run:
        os.write(ours, f"{answer}\n".encode())
        shown, _ = run.communicate(timeout=30)
    os.close(ours)
    os.close(theirs)
    return run.returncode, shown


ASKED = "deploy: this machine is meant (inventory/local), and not inventory/production (-i). Go on? [y/N] "


@pytest.fixture
def inventories(copy):
    """Return the folder of a copy with an inventory of one's own."""
    for name in ("local", "example", "production"):
        (copy / "inventory" / name).mkdir(parents=True)
    return copy


def test_person_with_an_inventory_of_their_own_is_asked_whether_this_machine_is_meant(inventories):
    assert on_a_terminal(inventories, "", "deploy", "-K") == (1, f"{ASKED}jarvis: nothing was done\n")
    code, shown = on_a_terminal(inventories, "y", "deploy", "-K")
    assert code == 0
    assert json.loads(shown.removeprefix(ASKED))["arguments"][1:] == ["site.yml", "-K"]


@pytest.mark.parametrize(
    "words",
    [
        ("deploy", "-K", "-i", "inventory/production"),
        ("deploy", "-K", "--check"),
        ("deploy", "-K", "--yes"),
    ],
)
def test_nobody_is_asked_where_it_is_clear_or_nothing_changes(inventories, words):
    code, shown = on_a_terminal(inventories, "", *words)
    assert code == 0
    assert "Go on?" not in shown


def test_nobody_is_asked_without_an_inventory_of_their_own_or_without_a_terminal(inventories):
    assert run_copy(inventories).returncode == 0
    (inventories / "inventory/production").rmdir()
    assert "Go on?" not in on_a_terminal(inventories, "", "deploy", "-K")[1]


def test_yes_reaches_the_playbook(copy):
    done = subprocess.run([copy / "jarvis", "deploy", "-K", "--yes"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["arguments"][1:] == ["site.yml", "-K", "--extra-vars=confirmed=true"]


@pytest.mark.parametrize(
    "locale", [{"LC_ALL": "POSIX"}, {"LC_ALL": "", "LANG": "de_DE.UTF-8"}, {"LC_ALL": "", "LANG": ""}]
)
def test_locale_that_is_missing_or_no_utf_8_is_replaced(copy, locale):
    told = json.loads(run_copy(copy, **locale).stdout)
    assert "LC_ALL=C.UTF-8\0" in told["own"]


def test_locale_that_ansible_can_use_is_kept(copy):
    assert "LC_ALL=C.utf8\0" in json.loads(run_copy(copy, LC_ALL="C.utf8").stdout)["own"]


def test_settings_of_other_projects_hide_no_part_of_this_one(copy):
    others = {f"ANSIBLE_{name}": "/elsewhere" for name in ("CONFIG", "ROLES_PATH", "LIBRARY", "MODULE_UTILS")}
    own = json.loads(run_copy(copy, **others, ANSIBLE_GATHERING="explicit", ANSIBLE_FORKS="3").stdout)["own"]
    assert f"ANSIBLE_CONFIG={copy}/ansible.cfg\0" in own
    assert "/elsewhere" not in own
    assert "GATHERING" not in own
    assert "ANSIBLE_FORKS=3" in own


def test_passwords_of_env_reach_the_playbook_and_no_environment_and_leave_no_file(copy):
    values = {name: f'it\'s "{name}" $HOME \\ {{{{ x }}}}\n%s' for name in NAMES}
    before = set(os.listdir("/dev/shm"))
    done = run_copy(copy, "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items()) + "OTHER=kept\n")
    told = json.loads(done.stdout)
    assert told["given"] == told["again"] == values
    assert "OTHER=kept" in told["child"]
    for shown in (told["own"], told["child"], "".join(told["arguments"])):
        assert "it's" not in shown
    assert set(told["left"]) <= before


def test_password_of_the_shell_reaches_the_playbook_alone_and_env_goes_before_it(copy):
    done = run_copy(copy, "JARVIS_REDIS_PASSWORD=file\n", JARVIS_REDIS_PASSWORD="shell", JARVIS_BACKUP_PASSWORD="shell")
    told = json.loads(done.stdout)
    assert (told["given"]["JARVIS_REDIS_PASSWORD"], told["given"]["JARVIS_BACKUP_PASSWORD"]) == ("file", "shell")
    assert told["given"]["JARVIS_POSTGRES_PASSWORD"] == ""
    assert "_PASSWORD=" not in told["own"] + told["child"]


def test_every_password_that_the_roles_look_up_is_hidden(copy):
    looked_up = re.findall(
        r"lookup\('given_secret', '(\w+)'\)", (PROJECT / "roles/credentials/meta/argument_specs.yml").read_text()
    )
    assert looked_up == NAMES
    assert re.findall(r"^#(JARVIS_\w+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE) == NAMES


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602, 0o610, 0o777])
def test_env_that_others_may_read_or_change_is_refused_with_the_remedy(copy, mode):
    done = run_copy(copy, "JARVIS_REDIS_PASSWORD=secret\n", mode)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "jarvis: .env holds passwords, and others than its owner may read or change it. Run: chmod 600 .env\n"
    )
    assert run_copy(copy, "JARVIS_REDIS_PASSWORD=secret\n").returncode == 0


def test_env_behind_a_link_is_judged_by_its_target(copy):
    target = copy / "elsewhere"
    (copy / ".env").symlink_to(target)
    assert run_copy(copy).stderr == "jarvis: .env cannot be read\n"
    target.write_text("JARVIS_REDIS_PASSWORD=secret\n")
    target.chmod(0o644)
    assert "chmod 600 .env" in run_copy(copy).stderr
    target.chmod(0o600)
    assert json.loads(run_copy(copy).stdout)["given"]["JARVIS_REDIS_PASSWORD"] == "secret"


@pytest.mark.parametrize(
    "line",
    [
        "JARVIS_REDIS_PASSWORD=abc secret",
        "JARVIS_REDIS_PASSWORD='secret",
        'JARVIS_REDIS_PASSWORD="abc$secret"',
        "JARVIS_REDIS_PASSWORD=abc)secret",
        "JARVIS_REDIS_PASSWORD=`secret`",
        'JARVIS_REDIS_PASSWORD="${secret!}"',
    ],
)
def test_env_that_sh_cannot_run_is_refused_without_showing_it(copy, line):
    done = run_copy(copy, f"A=b\n{line}\n")
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr.startswith("jarvis: sh cannot run .env;")
    assert "secret" not in done.stderr
