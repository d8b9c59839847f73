"""Server settings that follow from a machine's size."""

from __future__ import annotations

import re

MAX_CONNECTIONS = 100
MEMORY_OF_ONE_WORKER_MB = 512
# Memory that a server process needs besides: caches of the catalog, libraries, compiled queries.
PROCESS_BASE_MB = 64
# This share of the file system, rounded down to a power of two, is a sixteenth to an eighth of its size.
SHARE_OF_DISK_FOR_WAL = 8
# The hash tables that one statement builds or reads at the same time. Each grows in steps of up to a third of its size.
HASH_TABLES_OF_A_STATEMENT = 2
MIN_SHARED_MEMORY_MB = 256
ENGINE_SHARED_MEMORY_MB = 64  # what a container gets by default
UNITS = {"B": 1, "kB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}
UNIT_OF_A_BARE_NUMBER = {"shared_buffers": 8 * 2**10}  # pages; the others are in kB


def clamp(value, low, high):
    """Return C(value), but at least C(low) and at most C(high)."""
    return max(low, min(value, high))


def power_of_two(value):
    """Return the largest power of two that is not above C(value), which is at least 1."""
    return 1 << (int(value).bit_length() - 1)


def postgres_tuning(memory_mb, cores, disk_mb):
    """Return PostgreSQL settings for a server with C(memory_mb) MiB, C(cores) processors and a disk of C(disk_mb) MiB.

    The shares follow the server's manual (https://www.postgresql.org/docs/16/runtime-config-resource.html). A quarter
    of the memory is for shared buffers; together with the kernel's cache they are taken for three quarters. Sorting
    memory is what is left if every connection uses it once. The number of processes that work for one statement is
    limited by the memory that they need side by side. The log between two checkpoints grows with the memory, up to a
    share of the disk. The size of the disk counts, not its free space, so that the setting does not change while the
    disk fills. Some file systems subtract from their size what others use; rounding to a power of two keeps the setting
    from changing with every run.
    """
    memory_mb, cores, disk_mb = int(memory_mb), int(cores), int(disk_mb)
    workers = clamp(min(cores // 2, memory_mb // MEMORY_OF_ONE_WORKER_MB), 1, 4)
    wal_mb = clamp(power_of_two(max(disk_mb, 1)) // SHARE_OF_DISK_FOR_WAL, 256, 8192)
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
        "max_wal_size": f"{min(clamp(memory_mb, 1024, 8192), wal_mb)}MB",
        "min_wal_size": f"{min(clamp(memory_mb // 4, 256, 2048), wal_mb // 4)}MB",
    }


def setting_mb(settings, name, default_mb):
    """Return a setting of memory in MiB, C(default_mb) where it is absent or derived (-1)."""
    found = re.fullmatch(r"\s*(\d+)\s*(B|kB|MB|GB|TB)?\s*", str(settings.get(name, "")))
    if not found:
        return default_mb
    unit = UNITS[found[2]] if found[2] else UNIT_OF_A_BARE_NUMBER.get(name, 2**10)
    return -(-int(found[1]) * unit // 2**20)


def room_beside_buffers(settings, memory_mb):
    """Return the MiB that the shared buffers and an eighth for everybody else leave of a container's memory."""
    return memory_mb - setting_mb(settings, "shared_buffers", 128) - memory_mb // 8


def hash_memory_mb(settings):
    """Return the MiB that one process may use for one hash table."""
    return int(setting_mb(settings, "work_mem", 4) * float(settings.get("hash_mem_multiplier", 2)))


def postgres_process_memory(settings, memory_mb):
    """Return the MiB that one server process may take for itself, in a container of C(memory_mb) MiB.

    A statement runs in one process and its parallel workers. Together they may take what is left beside the shared
    buffers and an eighth of the memory for everybody else. So a statement that asks for too much fails by itself, and
    the kernel does not end the whole server. A process may in any case take what the settings allow for maintenance, or
    for a hash.
    """
    memory_mb = int(memory_mb)
    processes = 1 + int(settings.get("max_parallel_workers_per_gather", 2))
    share = room_beside_buffers(settings, memory_mb) // processes
    maintenance = setting_mb(settings, "maintenance_work_mem", 64)
    needed = max(
        maintenance,
        setting_mb(settings, "autovacuum_work_mem", maintenance),
        hash_memory_mb(settings),
    )
    return max(share, needed + PROCESS_BASE_MB)


def postgres_shared_memory(settings, memory_mb):
    """Return the MiB of C(/dev/shm) that parallel statements need, in a container of C(memory_mb) MiB.

    The processes of a parallel hash join build one table together, whose size is the sum of what each of them may use.
    The number of such statements is limited by the number of workers. A parallel VACUUM keeps its findings there as
    well. The figure is a limit, and unused memory is not taken. It is a power of two, because another figure needs a
    new container.
    """
    memory_mb = int(memory_mb)
    workers = int(settings.get("max_parallel_workers_per_gather", 2))
    statements = max(int(settings.get("max_parallel_workers", 8)) // workers, 1) if workers else 0
    hash_tables = statements * HASH_TABLES_OF_A_STATEMENT * hash_memory_mb(settings) * (workers + 1)
    needed = hash_tables + setting_mb(settings, "maintenance_work_mem", 64)
    rounded = power_of_two(2 * needed - 1)
    # More than the container's memory would let the kernel end the server; with this limit, PostgreSQL ends the
    # statement.
    return max(
        min(max(rounded, MIN_SHARED_MEMORY_MB), room_beside_buffers(settings, memory_mb)), ENGINE_SHARED_MEMORY_MB
    )


def postgres_conf(settings):
    """Return the text of C(settings) {name: value} as lines of a PostgreSQL configuration file, sorted by name.

    A setting without a value is none of the file's.
    """
    lines = []
    for name in sorted(name for name, value in settings.items() if value is not None):
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
            "postgres_shared_memory": postgres_shared_memory,
        }
