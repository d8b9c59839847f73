"""What a data folder holds is read from its files alone."""

from __future__ import annotations

import struct

import pytest
from ansible.module_utils import data_files as files


def make_cluster(folder, identifier=7712969399838216212, databases=(1, 4, 5)):
    (folder / "global").mkdir(parents=True)
    (folder / "global" / "pg_control").write_bytes(struct.pack("=QI", identifier, 1300).ljust(8192, b"\0"))
    (folder / "PG_VERSION").write_text("16\n")
    for number in databases:
        (folder / "base" / str(number)).mkdir(parents=True)
        (folder / "base" / str(number) / "PG_VERSION").write_text("16\n")


def test_a_folder_that_is_not_there_is_absent(tmp_path):
    assert files.postgres_content(tmp_path / "none").state == "absent"
    assert files.redis_content(tmp_path / "none").state == "absent"


def test_a_new_file_system_is_empty(tmp_path):
    (tmp_path / "lost+found").mkdir()
    assert files.postgres_content(tmp_path).state == "empty"
    assert files.redis_content(tmp_path).state == "empty"


def test_a_cluster_is_known_by_its_system_identifier(tmp_path):
    make_cluster(tmp_path)
    content = files.postgres_content(tmp_path)
    assert (content.state, content.identity, content.major) == ("data", "7712969399838216212", "16")


@pytest.mark.parametrize("missing", ["PG_VERSION", "global/pg_control", "base/5/PG_VERSION"])
def test_a_first_start_that_was_killed_is_unfinished(tmp_path, missing):
    make_cluster(tmp_path)
    (tmp_path / missing).unlink()
    assert files.postgres_content(tmp_path).state == "unfinished"


@pytest.mark.parametrize("missing", ["PG_VERSION", "global/pg_control"])
def test_a_database_of_a_user_is_never_taken_for_a_first_start(tmp_path, missing):
    make_cluster(tmp_path, databases=(1, 4, 5, 16384))
    (tmp_path / missing).unlink()
    assert files.postgres_content(tmp_path).state == "damaged"


@pytest.mark.parametrize("content", [b"", b"\0" * 8192, b"x" * 8192, b"short"])
def test_a_control_file_that_cannot_be_read_has_no_identifier(tmp_path, content):
    make_cluster(tmp_path)
    (tmp_path / "global" / "pg_control").write_bytes(content)
    assert files.system_identifier(tmp_path) is None


def test_files_of_somebody_else_are_unknown(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    assert files.postgres_content(tmp_path).state == "unknown"
    assert files.redis_content(tmp_path).state == "unknown"


def test_data_of_redis_is_known_by_its_marker(tmp_path):
    (tmp_path / "db" / "appendonlydir").mkdir(parents=True)
    (tmp_path / "db" / "appendonlydir" / "appendonly.aof.manifest").write_text("")
    (tmp_path / "db" / "identity").write_text("730d4d07\n")
    content = files.redis_content(tmp_path)
    assert (content.state, content.identity, content.append_only) == ("data", "730d4d07", True)


def test_a_folder_of_redis_that_was_emptied_is_empty(tmp_path):
    (tmp_path / "db").mkdir()
    assert files.redis_content(tmp_path).state == "empty"


def test_a_volume_that_was_moved_holds_no_data(tmp_path):
    moved = tmp_path / files.MOVED_FOLDER
    moved.mkdir()
    make_cluster(moved)
    (moved / "dump.rdb").write_text("")
    assert files.postgres_content(tmp_path).state == "unknown"
    assert files.old_redis_content(tmp_path).state == "empty"
