"""Settings follow from the machine's size and are written so that the server reads them back unchanged."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def tuning(load):
    return load("postgres/filter_plugins/postgres_tuning")


def test_settings_of_a_small_machine(tuning):
    assert tuning.postgres_tuning(512, 2, 20000) == {
        "max_connections": 100,
        "shared_buffers": "128MB",
        "effective_cache_size": "384MB",
        "maintenance_work_mem": "32MB",
        "work_mem": "4MB",
        "max_worker_processes": 8,
        "max_parallel_workers": 2,
        "max_parallel_workers_per_gather": 1,
        "max_parallel_maintenance_workers": 1,
        "max_wal_size": "1024MB",
        "min_wal_size": "256MB",
    }


def test_settings_of_a_large_machine(tuning):
    assert tuning.postgres_tuning(65536, 32, 500000) == {
        "max_connections": 100,
        "shared_buffers": "16384MB",
        "effective_cache_size": "49152MB",
        "maintenance_work_mem": "2048MB",
        "work_mem": "163MB",
        "max_worker_processes": 32,
        "max_parallel_workers": 32,
        "max_parallel_workers_per_gather": 4,
        "max_parallel_maintenance_workers": 4,
        "max_wal_size": "8192MB",
        "min_wal_size": "2048MB",
    }


@pytest.mark.parametrize(
    ("memory_mb", "cores", "workers", "process_mb"),
    [(512, 1, 1, 160), (512, 16, 1, 160), (1024, 16, 2, 213), (2048, 4, 2, 426), (8192, 8, 4, 1024)],
)
def test_processes_of_one_statement_have_room_beside_each_other(tuning, memory_mb, cores, workers, process_mb):
    settings = tuning.postgres_tuning(memory_mb, cores, 100000)
    assert settings["max_parallel_workers_per_gather"] == workers
    assert tuning.postgres_process_memory(settings, memory_mb) == process_mb
    buffers = int(settings["shared_buffers"].removesuffix("MB"))
    assert buffers + (1 + workers) * process_mb <= memory_mb


@pytest.mark.parametrize(
    ("changed", "process_mb"),
    [
        ({"shared_buffers": "256MB"}, 96),
        ({"shared_buffers": 32768}, 96),
        ({"max_parallel_workers_per_gather": 0}, 320),
        ({"maintenance_work_mem": "1GB"}, 1088),
        ({"maintenance_work_mem": 1048576}, 1088),
        ({"autovacuum_work_mem": "200MB"}, 264),
        ({"autovacuum_work_mem": -1}, 160),
        ({"work_mem": "100MB", "hash_mem_multiplier": 3.0}, 364),
    ],
)
def test_process_may_take_what_changed_settings_let_it_use(tuning, changed, process_mb):
    assert tuning.postgres_process_memory({**tuning.postgres_tuning(512, 2, 20000), **changed}, 512) == process_mb


@pytest.mark.parametrize(
    ("memory_mb", "disk_mb", "max_wal_size", "min_wal_size"),
    [
        (8192, 3000, "256MB", "64MB"),
        (8192, 7900, "512MB", "128MB"),
        (8192, 20000, "2048MB", "512MB"),
        (8192, 50000, "4096MB", "1024MB"),
        (8192, 2000000, "8192MB", "2048MB"),
        (512, 2000000, "1024MB", "256MB"),
        (512, 7900, "512MB", "128MB"),
    ],
)
def test_log_between_checkpoints_has_room_on_the_disk_and_in_the_memory(
    tuning, memory_mb, disk_mb, max_wal_size, min_wal_size
):
    settings = tuning.postgres_tuning(memory_mb, 4, disk_mb)
    assert (settings["max_wal_size"], settings["min_wal_size"]) == (max_wal_size, min_wal_size)


def test_file_system_that_counts_a_little_differently_changes_no_setting(tuning):
    assert tuning.postgres_tuning(8192, 4, 40000) == tuning.postgres_tuning(8192, 4, 39000)


@pytest.mark.parametrize(
    ("memory_mb", "cores", "shared_mb"),
    [(512, 2, 256), (384, 2, 240), (1024, 16, 512), (2048, 4, 256), (8192, 8, 2048), (65536, 32, 32768)],
)
def test_parallel_statements_share_what_their_hash_tables_need(tuning, memory_mb, cores, shared_mb):
    settings = tuning.postgres_tuning(memory_mb, cores, 100000)
    assert tuning.postgres_shared_memory(settings, memory_mb) == shared_mb


@pytest.mark.parametrize(
    ("changed", "shared_mb"),
    [
        ({"work_mem": "64MB"}, 1280),
        ({"work_mem": "16MB"}, 512),
        ({"work_mem": "17MB"}, 1024),
        ({"hash_mem_multiplier": 3.0}, 512),
        ({"max_parallel_workers_per_gather": 0, "work_mem": "64MB"}, 256),
        ({"maintenance_work_mem": "600MB"}, 1024),
        ({"shared_buffers": "1900MB", "work_mem": "64MB"}, 64),
    ],
)
def test_shared_memory_follows_changed_settings_as_far_as_the_container_has_it(tuning, changed, shared_mb):
    settings = {**tuning.postgres_tuning(2048, 4, 100000), **changed}
    assert tuning.postgres_shared_memory(settings, 2048) == shared_mb


def test_setting_without_a_value_is_none_of_the_file_s(tuning):
    assert tuning.postgres_conf({"a": None, "b": 1}) == "b = '1'"


def test_lines_are_sorted_quoted_and_escaped(tuning):
    assert tuning.postgres_conf({"b": True, "a": "it's", "c": 5, "d": False, "e": "back\\slash"}) == "\n".join(
        ["a = 'it''s'", "b = 'on'", "c = '5'", "d = 'off'", "e = 'back\\\\slash'"]
    )
