"""Server settings that follow from a machine's size."""

from __future__ import annotations

MAX_CONNECTIONS = 100


def clamp(value, low, high):
    """Return C(value), but at least C(low) and at most C(high)."""
    return max(low, min(value, high))


def postgres_tuning(memory_mb, cores):
    """Return PostgreSQL settings for a server that may use C(memory_mb) MiB and C(cores) processors.

    The shares follow the server's manual (https://www.postgresql.org/docs/16/runtime-config-resource.html): a
    quarter of the memory for shared buffers; three quarters is what the kernel and they cache together.
    Sorting memory is what is left when every connection uses it once.
    """
    memory_mb, cores = int(memory_mb), int(cores)
    workers = clamp(cores // 2, 1, 4)
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
        return {"postgres_tuning": postgres_tuning, "postgres_conf": postgres_conf}
