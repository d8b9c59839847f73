"""A program is installed, called whenever it has work to do, and called before each start of its service."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils import basic

PROGRAM = """#!/bin/sh
echo "called $*" >>{0}/calls
if [ -e {0}/set ]; then echo 'in force'; exit; fi
if [ "$1" = check ]; then echo 'not in force'; exit; fi
touch {0}/set
echo loaded
"""


@pytest.fixture
def program(load, tmp_path, monkeypatch, capsys):
    """Return a function that runs the module for a program in a folder, with systemd's files in that folder, too."""
    module = load("firewall/library/prestart_program")
    monkeypatch.setattr(module, "SYSTEMD", str(tmp_path))
    monkeypatch.setattr(module, "DROP_IN", str(tmp_path) + "/{service}.service.d/{name}.conf")
    monkeypatch.setattr(module, "tell_systemd", lambda _module, *what: (tmp_path / "told").write_text(" ".join(what)))

    def run(check=False, content=PROGRAM, failed=False):
        arguments = {
            "path": str(tmp_path / "program"),
            "content": content.format(tmp_path),
            "service": "docker",
            "_ansible_check_mode": check,
        }
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode())
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy")
        with pytest.raises(SystemExit):
            module.main()
        told = json.loads(capsys.readouterr().out)
        assert told.get("failed", False) == failed, told
        if failed:
            return told["msg"]
        return told["changed"], told["said"], len(told["diff"])

    return run


def calls(folder):
    path = folder / "calls"
    return path.read_text().splitlines() if path.exists() else []


def test_program_is_installed_called_and_made_known_to_its_service(program, tmp_path):
    assert program() == (True, "loaded", 2)
    assert (tmp_path / "program").stat().st_mode & 0o777 == 0o755
    drop_in = (tmp_path / "docker.service.d" / "program.conf").read_text()
    assert (
        drop_in
        == f"# Managed by Ansible\n[Service]\nExecStartPre={tmp_path}/program\nExecStartPost={tmp_path}/program\n"
    )
    assert (tmp_path / "told").read_text() == f"docker {tmp_path}/docker.service.d/program.conf"
    assert program() == (False, "in force", 0)


def test_program_is_called_again_when_its_work_was_undone(program, tmp_path):
    program()
    (tmp_path / "set").unlink()
    assert program(check=True) == (True, "not in force", 0)
    assert not (tmp_path / "set").exists()
    assert program() == (True, "loaded", 0)


def test_preview_of_a_new_program_shows_it_and_calls_nothing(program, tmp_path):
    assert program(check=True) == (True, "", 2)
    assert calls(tmp_path) == []
    assert not (tmp_path / "program").exists()


def test_program_whose_mode_was_changed_is_mended(program, tmp_path):
    program()
    (tmp_path / "program").chmod(0o777)
    assert program()[0]
    assert (tmp_path / "program").stat().st_mode & 0o777 == 0o755


def test_program_that_fails_does_not_stay_in_the_place_of_one_that_worked(program, tmp_path):
    program()
    told = program(content="#!/bin/sh\necho no such table >&2\nexit 3\n", failed=True)
    assert told == f"{tmp_path}/program failed (exit code 3): no such table"
    assert (tmp_path / "program").read_text() == PROGRAM.format(tmp_path)


@pytest.mark.parametrize("mark", ["# Managed by Ansible", "# Ansible managed"])
def test_earlier_program_of_ours_is_replaced_without_a_copy(program, tmp_path, mark):
    (tmp_path / "program").write_text(f"#!/bin/sh\n{mark}\necho old\n")
    program()
    assert list(tmp_path.glob("*.set-aside-*")) == []


def test_program_of_somebody_else_is_kept_beside_ours(program, tmp_path):
    (tmp_path / "program").write_bytes(b"#!/bin/sh\necho \xff\n")
    program(check=True)
    assert list(tmp_path.glob("*.set-aside-*")) == []
    program()
    (kept,) = tmp_path.glob("program.set-aside-*")
    assert kept.read_bytes() == b"#!/bin/sh\necho \xff\n"
    program()
    assert len(list(tmp_path.glob("*.set-aside-*"))) == 1
