"""Settings follow from the machine's size and are written so that the server reads them back unchanged."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def tuning(load):
    return load("postgres/filter_plugins/postgres_tuning")


def test_settings_of_a_small_machine(tuning):
    assert tuning.postgres_tuning(512, 2) == {
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
    assert tuning.postgres_tuning(65536, 32) == {
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
    settings = tuning.postgres_tuning(memory_mb, cores)
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
    assert tuning.postgres_process_memory({**tuning.postgres_tuning(512, 2), **changed}, 512) == process_mb


def test_lines_are_sorted_quoted_and_escaped(tuning):
    assert tuning.postgres_conf({"b": True, "a": "it's", "c": 5, "d": False, "e": "back\\slash"}) == "\n".join(
        ["a = 'it''s'", "b = 'on'", "c = '5'", "d = 'off'", "e = 'back\\\\slash'"]
    )
