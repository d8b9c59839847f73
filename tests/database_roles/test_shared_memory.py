"""A parallel hash join has the shared memory that the server's settings let it use."""

from __future__ import annotations

import importlib.util
import os

import psycopg2
import pytest
from schema_server import ROOT, running_server

MEMORY_MB = 2048
CHANGED = {"work_mem": "64MB", "max_parallel_workers_per_gather": 2}
# Two workers and their leader build a table of 300 MB. These settings allow them 384 MB.
ROWS = """
CREATE UNLOGGED TABLE few AS SELECT n AS id, repeat('x', 100) AS text FROM generate_series(1, 1800000) AS n;
CREATE UNLOGGED TABLE many AS SELECT n AS id FROM generate_series(1, 2000000) AS n;
ANALYZE few;
ANALYZE many
"""
JOIN = "SELECT count(*), max(few.text) FROM many JOIN few USING (id)"
EAGER = "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET enable_mergejoin = off; SET jit = off;"


def tuning():
    path = ROOT / "roles/postgres/filter_plugins/postgres_tuning.py"
    spec = importlib.util.spec_from_file_location("postgres_tuning", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def joined(request):
    """Return a function that joins two tables on a server with our settings, in the shared memory of the parameter."""
    derived = tuning()
    settings = {**derived.postgres_tuning(MEMORY_MB, 4, 100000), **CHANGED}
    shared_mb = request.param or derived.postgres_shared_memory(settings, MEMORY_MB)
    words = [f"{name}={value}" for name, value in settings.items()]
    options = (f"--shm-size={shared_mb}m", f"--memory={MEMORY_MB}m")
    with running_server(os.environ["JARVIS_TEST_POSTGRES_IMAGE"], "fsync=off", *words, options=options) as server:
        server.execute(ROWS)
        cursor = server.connect().cursor()
        cursor.execute(EAGER + "EXPLAIN " + JOIN)
        assert "Parallel Hash Join" in "\n".join(line for (line,) in cursor.fetchall())
        yield lambda: cursor.execute(JOIN) or cursor.fetchone()


@pytest.mark.parametrize("joined", [None], ids=["derived"], indirect=True)
def test_parallel_hash_join_that_the_settings_allow_finds_its_memory(joined):
    assert joined() == (1800000, "x" * 100)


@pytest.mark.parametrize("joined", [256], indirect=True)
def test_same_join_fails_in_memory_that_does_not_follow_the_settings(joined):
    with pytest.raises(psycopg2.errors.DiskFull, match="could not resize shared memory segment"):
        joined()
