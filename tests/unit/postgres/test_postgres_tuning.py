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


def test_lines_are_sorted_quoted_and_escaped(tuning):
    assert tuning.postgres_conf({"b": True, "a": "it's", "c": 5, "d": False, "e": "back\\slash"}) == "\n".join(
        ["a = 'it''s'", "b = 'on'", "c = '5'", "d = 'off'", "e = 'back\\\\slash'"]
    )
