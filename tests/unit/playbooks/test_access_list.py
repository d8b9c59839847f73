"""Access lists are written and read as the kernel keeps them, without the tools that a bare host lacks."""

from __future__ import annotations

import stat

import pytest
from ansible.module_utils import access_list


@pytest.fixture
def folder(tmp_path):
    if not access_list.is_kept_at(tmp_path):
        pytest.fail(f"{tmp_path} is on a file system without access lists")
    (tmp_path / "folder").mkdir(mode=0o700)
    return tmp_path / "folder"


def test_folder_without_one_has_an_empty_list(folder):
    assert access_list.read(folder) == ""


def test_users_are_refused_by_number_and_the_rest_is_as_the_mode_says(folder):
    access_list.write(folder, access_list.refusing(0o750, {999, 70}))
    assert access_list.read(folder) == "user::rwx,user:70:---,user:999:---,group::r-x,mask::r-x,other::---"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750


def test_removed_list_is_gone_and_removing_none_is_no_error(folder):
    access_list.write(folder, access_list.refusing(0o750, {70}))
    access_list.remove(folder)
    access_list.remove(folder)
    assert access_list.read(folder) == ""


def test_file_system_that_keeps_none_is_known_also_by_a_path_that_is_still_to_be_made(tmp_path):
    assert access_list.is_kept_at(tmp_path / "not" / "there") == access_list.is_kept_at(tmp_path)
    assert not access_list.is_kept_at("/proc/not/there")
    assert access_list.read("/proc") == ""
