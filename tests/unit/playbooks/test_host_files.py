"""Folders and files become what is wanted, links are not followed, and a text that is refused is not written."""

from __future__ import annotations

import grp
import json
import os
import pwd
from pathlib import Path

import pytest
from ansible.module_utils import basic

MODULE = Path(__file__).parents[3] / "playbooks/library/host_files"
OWN = {"owner": pwd.getpwuid(os.geteuid()).pw_name, "group": grp.getgrgid(os.getegid()).gr_name}
TEXT = "naïve\nsecond line\n"


@pytest.fixture
def settle(load, monkeypatch, capsys):
    """Return a function that runs the module and returns its result."""
    module = load(MODULE)

    def run(folders=(), files=(), failed=False, **arguments):
        given = {"folders": [{**OWN, **folder} for folder in folders], "files": [{**OWN, **file} for file in files]}
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": given | arguments}).encode())
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy")
        with pytest.raises(SystemExit):
            module.main()
        told = json.loads(capsys.readouterr().out)
        assert told.get("failed", False) == failed, told
        return told["msg"] if failed else told

    return run


@pytest.fixture
def wanted(tmp_path):
    """Return two folders, one in the other, and a file in each."""
    outer = str(tmp_path / "outer")
    return {
        "folders": [{"paths": [outer, f"{outer}/inner"], "mode": "0750"}],
        "files": [
            {"path": f"{outer}/one", "content": TEXT, "mode": "0640"},
            {"path": f"{outer}/inner/two", "content": "", "mode": "0444"},
        ],
    }


def mode(path):
    return oct(os.lstat(path).st_mode)


def test_folders_and_files_are_made_and_a_second_run_changes_nothing(settle, wanted, tmp_path):
    assert settle(**wanted)["changed"]
    outer = tmp_path / "outer"
    assert [mode(path) for path in (outer, outer / "inner")] == ["0o40750", "0o40750"]
    assert [mode(path) for path in (outer / "one", outer / "inner/two")] == ["0o100640", "0o100444"]
    assert ((outer / "one").read_text(), (outer / "inner/two").read_text()) == (TEXT, "")
    assert {path.name for path in outer.rglob("*")} == {"inner", "one", "two"}
    inodes = [path.stat().st_ino for path in sorted(outer.rglob("*"))]
    again = settle(**wanted)
    assert (again["changed"], again["diff"]) == (False, [])
    assert [path.stat().st_ino for path in sorted(outer.rglob("*"))] == inodes


def test_preview_of_a_bare_host_tells_each_and_makes_none(settle, wanted, tmp_path):
    told = settle(**wanted, _ansible_check_mode=True)
    assert told["changed"]
    outer = str(tmp_path / "outer")
    assert told["diff"] == [
        {"before_header": path, "after_header": path, "before": before, "after": after}
        for path, before, after in (
            (outer, {"state": "absent"}, {"state": "directory"}),
            (f"{outer}/inner", {"state": "absent"}, {"state": "directory"}),
            (f"{outer}/one", "", TEXT),
            (f"{outer}/inner/two", "", ""),
        )
    ]
    assert list(tmp_path.iterdir()) == []


def test_only_what_differs_is_told_and_brought_back(settle, wanted, tmp_path):
    settle(**wanted)
    outer = tmp_path / "outer"
    (outer / "inner").chmod(0o777)
    (outer / "one").write_text("other\n")
    (outer / "inner/two").chmod(0o666)
    preview = settle(**wanted, _ansible_check_mode=True)
    assert mode(outer / "inner") == "0o40777"
    told = settle(**wanted)
    assert [(one["before_header"], one["before"], one["after"]) for one in told["diff"]] == [
        (f"{outer}/inner", {"mode": "0777"}, {"mode": "0750"}),
        (f"{outer}/one", "other\n", TEXT),
        (f"{outer}/inner/two", {"mode": "0666"}, {"mode": "0444"}),
    ]
    assert preview["diff"] == told["diff"]
    assert not settle(**wanted)["changed"]


def test_mode_of_a_file_that_is_written_anew_is_the_wanted_one(settle, wanted, tmp_path):
    settle(**wanted)
    one = tmp_path / "outer/one"
    one.write_text("other\n")
    one.chmod(0o666)
    settle(**wanted)
    assert (mode(one), one.read_text()) == ("0o100640", TEXT)


@pytest.mark.parametrize("target", ["elsewhere", "nowhere"])
@pytest.mark.parametrize("check", [False, True])
def test_link_in_the_place_of_a_folder_is_refused(settle, wanted, tmp_path, target, check):
    (tmp_path / "elsewhere").mkdir(mode=0o755)
    (tmp_path / "outer").symlink_to(tmp_path / target)
    told = settle(**wanted, failed=True, _ansible_check_mode=check)
    assert told == f"{tmp_path}/outer is a link, and has to be a folder"
    assert mode(tmp_path / "elsewhere") == "0o40755"
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_file_in_the_place_of_a_folder_is_refused(settle, wanted, tmp_path):
    (tmp_path / "outer").touch()
    assert settle(**wanted, failed=True) == f"{tmp_path}/outer is no folder, and has to be a folder"


@pytest.mark.parametrize("target", ["elsewhere", "nowhere"])
def test_link_in_the_place_of_a_file_is_replaced_even_where_it_leads_to_the_same_text(settle, wanted, tmp_path, target):
    settle(**wanted)
    (tmp_path / "elsewhere").write_text(TEXT)
    (tmp_path / "elsewhere").chmod(0o600)
    one = tmp_path / "outer/one"
    one.unlink()
    one.symlink_to(tmp_path / target)
    assert settle(**wanted)["changed"]
    assert (one.is_symlink(), mode(one), one.read_text()) == (False, "0o100640", TEXT)
    assert mode(tmp_path / "elsewhere") == "0o100600"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(("folder", "words"), [(True, "Is a directory"), (False, "No such file or directory")])
def test_what_keeps_a_file_from_being_written_is_named(settle, tmp_path, folder, words):
    path = tmp_path / "folder/file"
    if folder:
        path.mkdir(parents=True)
    told = settle(files=[{"path": str(path), "content": TEXT, "mode": "0644"}], failed=True)
    assert words in told
    assert str(tmp_path / "folder") in told


def test_text_is_tried_only_where_it_differs_and_one_that_is_refused_is_not_written(settle, tmp_path):
    path, tried = tmp_path / "file", tmp_path / "tried"
    validate = f"sh -c 'cat $0 >>{tried}; grep -q good $0 || {{ echo no good >&2; exit 1; }}' %s"

    def write(text, **arguments):
        return settle(files=[{"path": str(path), "content": text, "mode": "0644", "validate": validate}], **arguments)

    assert write("good\n")["changed"]
    assert not write("good\n")["changed"]
    assert write("bad\n", _ansible_check_mode=True)["changed"]
    assert tried.read_text() == "good\n"
    assert write("bad\n", failed=True) == f"{path} is as it was, because its new text is not valid: no good"
    assert tried.read_text() == "good\nbad\n"
    assert path.read_text() == "good\n"
    assert {one.name for one in tmp_path.iterdir()} == {"file", "tried"}
