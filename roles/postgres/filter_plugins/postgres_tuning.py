"""Server settings that follow from a machine's size."""

from __future__ import annotations

import re

MAX_CONNECTIONS = 100
MEMORY_OF_ONE_WORKER_MB = 512
# What a server process takes for itself: caches of the catalog, libraries, compiled queries.
PROCESS_BASE_MB = 64
UNITS = {"B": 1, "kB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}
UNIT_OF_A_BARE_NUMBER = {"shared_buffers": 8 * 2**10}  # pages; the others are in kB


def clamp(value, low, high):
    """Return C(value), but at least C(low) and at most C(high)."""
    return max(low, min(value, high))


def postgres_tuning(memory_mb, cores):
    """Return PostgreSQL settings for a server that may use C(memory_mb) MiB and C(cores) processors.

    The shares follow the server's manual (https://www.postgresql.org/docs/16/runtime-config-resource.html): a
    quarter of the memory for shared buffers; three quarters is what the kernel and they cache together.
    Sorting memory is what is left when every connection uses it once. Processes that work for one statement are as
    many as have room beside each other.
    """
    memory_mb, cores = int(memory_mb), int(cores)
    workers = clamp(min(cores // 2, memory_mb // MEMORY_OF_ONE_WORKER_MB), 1, 4)
    return {
        "max_connections": MAX_CONNECTIONS,
        "shared_buffers": f"{clamp(memory_mb // 4, 64, 16384)}MB",
        "effective_cache_size": f"{memory_mb * 3 // 4}MB",
        "maintenance_work_mem": f"{clamp(memory_mb // 16, 32, 2048)}MB",
        "work_mem": f"{clamp(memory_mb // 4 // MAX_CONNECTIONS, 4, 256)}MB",
        "max_worker_processes": clamp(cores, 8, 64),
        "max_parallel_workers": clamp(cores, 2, 64),
        "max_parallel_workers_per_gather": workers,
        "max_parallel_maintenance_workers": workers,
        "max_wal_size": f"{clamp(memory_mb, 1024, 8192)}MB",
        "min_wal_size": f"{clamp(memory_mb // 4, 256, 2048)}MB",
    }


def setting_mb(settings, name, default_mb):
    """Return a setting of memory in MiB, C(default_mb) where it is absent or derived (-1)."""
    found = re.fullmatch(r"\s*(\d+)\s*(B|kB|MB|GB|TB)?\s*", str(settings.get(name, "")))
    if not found:
        return default_mb
    unit = UNITS[found[2]] if found[2] else UNIT_OF_A_BARE_NUMBER.get(name, 2**10)
    return -(-int(found[1]) * unit // 2**20)


def postgres_process_memory(settings, memory_mb):
    """Return the MiB that one server process may take for itself, in a container of C(memory_mb) MiB.

    A statement runs in one process and its parallel workers. Together they may take what the shared buffers and an
    eighth for everybody else leave, so that a statement without measure fails by itself instead of having the kernel
    end the whole server. Whatever else, a process may take what the settings let it use for maintenance, or for a hash.
    """
    memory_mb = int(memory_mb)
    processes = 1 + int(settings.get("max_parallel_workers_per_gather", 2))
    share = (memory_mb - setting_mb(settings, "shared_buffers", 128) - memory_mb // 8) // processes
    maintenance = setting_mb(settings, "maintenance_work_mem", 64)
    needed = max(
        maintenance,
        setting_mb(settings, "autovacuum_work_mem", maintenance),
        int(setting_mb(settings, "work_mem", 4) * float(settings.get("hash_mem_multiplier", 2))),
    )
    return max(share, needed + PROCESS_BASE_MB)


def postgres_conf(settings):
    """Return the text of C(settings) {name: value} as lines of a PostgreSQL configuration file, sorted by name."""
    lines = []
    for name in sorted(settings):
        value = settings[name]
        text = ("on" if value else "off") if isinstance(value, bool) else str(value)
        lines.append("{} = '{}'".format(name, text.replace("\\", "\\\\").replace("'", "''")))
    return "\n".join(lines)


class FilterModule:
    """Filters of the postgres role."""

    def filters(self):
        """Return the filters by name."""
        return {
            "postgres_tuning": postgres_tuning,
            "postgres_conf": postgres_conf,
            "postgres_process_memory": postgres_process_memory,
        }
