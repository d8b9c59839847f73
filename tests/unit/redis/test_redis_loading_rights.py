"""Append-only files count as rewritten only if they really were."""

from __future__ import annotations

import pytest

OLD = """file appendonly.aof.1.base.rdb seq 1 type b
file appendonly.aof.0.incr.aof seq 0 type h
file appendonly.aof.1.incr.aof seq 1 type i
"""
BEGUN = OLD + "file appendonly.aof.2.incr.aof seq 2 type i\n"
DONE = "file appendonly.aof.2.base.rdb seq 2 type b\nfile appendonly.aof.2.incr.aof seq 2 type i\n"


@pytest.fixture(scope="module")
def rights(load):
    return load("redis/library/redis_loading_rights")


@pytest.fixture
def server(rights):
    """Return a function that makes the files of a server. A rewrite ends with the given status and manifest."""

    class Files(rights.AppendOnlyFiles):
        def __init__(self, status, outcome):
            self.status, self.outcome, self.text, self.asked, self.client = status, outcome, OLD, 0, self

        def info(self, _section):
            return {
                "aof_rewrite_in_progress": 0,
                "aof_rewrite_scheduled": 0,
                "aof_last_bgrewrite_status": self.status,
            }

        def execute_command(self, *words):
            assert words == ("BGREWRITEAOF",)
            self.asked += 1
            self.status, self.text = self.outcome

        def manifest_text(self):
            return self.text

    return Files


def test_rewrite_that_began_and_failed_is_told(server):
    with pytest.raises(ValueError, match="could not write its append-only file anew"):
        server("ok", ("err", BEGUN)).write_anew(OLD)


def test_rewrite_that_failed_before_is_tried_again(server):
    files = server("err", ("ok", DONE))
    files.write_anew(OLD)
    assert files.asked == 1


def test_files_that_were_written_since_they_were_kept_are_not_written_again(server):
    files = server("ok", ("ok", DONE))
    files.text = DONE
    files.write_anew(OLD)
    assert files.asked == 0


def test_history_is_no_file_that_a_server_loads(rights):
    assert rights.files_of(OLD, "bi") == ["appendonly.aof.1.base.rdb", "appendonly.aof.1.incr.aof"]
