"""What the last lines of a server's log, or the engine's error, mean, and what to do about them."""

from __future__ import annotations

import re

DISK_FULL = "The disk is full. Free some space on the file system of {data} (df -h {data}), then deploy again."
WRONG_OWNER = (
    "The server's user ({user} of {image}) may not use its files. Compare the owner of {data} (ls -lan {data}) with "
    "that user's number (docker run --rm --entrypoint id {image} {user}), give the files back to it (chown -R), and "
    "deploy again."
)
NEVER_EMPTY = (
    "This server never starts empty by itself, and {data} holds no data. Mount the disk that it is on, or restore "
    "a backup, and deploy again. A new, empty one is made only with {empty_variable}=true."
)
TWO_SERVERS = "Another server works on {data}, and two would destroy it. Find it (docker ps, ps -ef) and stop it."
LOST_FILES = (
    "Files are missing in {data}, or damaged, and the server cannot read the rest. Copy the folder aside (cp -a) "
    "before anything else, then restore a backup."
)
BAD_SETTING = "A setting in its files is wrong. Correct {settings_variable} in the inventory, and deploy again."
TLS_FILES = (
    "Its certificate or key cannot be used. Look at the files in /etc/jarvis/secrets; a deployment without --tags "
    "makes missing ones again."
)
MISSING_FILE = "A file that a deployment writes is missing or cannot be read. Deploy without --tags: all are put back."
KILLED = (
    "It was killed. Where nobody did that, the kernel did for lack of memory (journalctl -k | grep -i oom): raise "
    "{memory_variable}, or give the host more memory."
)
STOPPED = "It was stopped, and ended cleanly. A deployment starts it again."
PAUSED = "Somebody has paused it. As root on the host: docker unpause {name}"
NO_MEMORY = "It needs more memory than it has. Raise {memory_variable}, or give the host more memory."
DAMAGED_AOF = (
    "The append-only file is damaged. Everything before the damage can be saved; what follows it in {file} is cut "
    "off. Stop the server and keep a copy first:\n"
    "  docker stop {name} && cp -a {folder} {folder}.kept\n"
    "  docker run --rm -it --network none --user {user} --volume {mount} --entrypoint redis-check-aof {image} "
    "--fix {manifest}\n"
    "then deploy again."
)
DAMAGED_RDB = (
    "The base of the append-only file is damaged, which redis-check-aof cannot mend. Copy {data} aside (cp -a) "
    "before anything else, then restore a backup. To see how far it can be read:\n"
    "  docker run --rm --network none --user {user} --volume {mount} --entrypoint redis-check-aof {image} {manifest}"
)
DAMAGED_MANIFEST = (
    "The list of the append-only files ({manifest} in the container) is damaged or names a file that is gone. Copy "
    "{data} aside (cp -a) before anything else, then restore a backup or correct the list."
)
VERSION = (
    "The data in {data} was written by another version than {image} has. Use the image of that version again, and "
    "move by dump and restore."
)
RECOVERING = "It was still recovering or loading its data. Deploy again, and raise {timeout_variable} if that repeats."
HELD_UP = re.compile(r"BUSY Redis is busy running a script")
BUSY_SCRIPT = (
    "A client's script or function has run for more than five seconds, and nobody else is served meanwhile; the log "
    "names it. As root on the host, end it (a function with FUNCTION KILL):\n"
    "  REDISCLI_AUTH=$(cat /etc/jarvis/secrets/redis_admin_password) docker exec -e REDISCLI_AUTH {name} redis-cli "
    "--user admin SCRIPT KILL\n"
    "(with --tls --insecure where connections are encrypted). The answer UNKILLABLE means that it has written already: "
    "wait for its end, or give SHUTDOWN NOSAVE instead, after which the engine starts the server again with all that "
    "was acknowledged and nothing of what this script did. Then deploy again."
)

# The first remedy whose expression fits is used. {file} in it is what the expression captures.
OF_SERVERS = tuple(
    (re.compile(expression), remedy)
    for expression, remedy in (
        # Both servers, and the shell of their images.
        (r"No space left on device|Disk quota exceeded", DISK_FULL),
        # PostgreSQL.
        (r"database files are incompatible with server|initialized by PostgreSQL version", VERSION),
        (r"has wrong ownership|data directory .* has invalid permissions", WRONG_OWNER),
        (r"superuser password is not specified|superuser needs a password", NEVER_EMPTY),
        (r"Is another postmaster .* running|pre-existing shared memory block", TWO_SERVERS),
        (r"could not load server certificate|could not load private key|private key file .* has group", TLS_FILES),
        (r"could not access (?:the server configuration|private key) file", MISSING_FILE),
        (r"could not load .*pg_hba\.conf|could not open .*(?:/etc/postgresql|/run/secrets)", MISSING_FILE),
        (r"unrecognized configuration parameter|configuration file .* contains errors", BAD_SETTING),
        (r"invalid value for parameter|is outside the valid range for parameter", BAD_SETTING),
        (r"could not map anonymous shared memory|could not fork .*: Cannot allocate", NO_MEMORY),
        (r"could not open file .*global/pg_control|could not locate (?:a valid|required) checkpoint", LOST_FILES),
        (r"could not find the database system|invalid checkpoint record|PANIC:", LOST_FILES),
        # Redis. The manifest comes first, because the lines that follow it in the log say less.
        (HELD_UP, BUSY_SCRIPT),
        (r">>> 'dir .*\n.*Permission denied", WRONG_OWNER),
        (r">>> 'dir .*\n.*No such file or directory", NEVER_EMPTY),
        (r"Bad file format reading the append only file ([^\s:]+)", DAMAGED_AOF),
        (r"Unexpected end of file reading the append only file ([^\s:]+?)\.? ", DAMAGED_AOF),
        (r"Unknown command '[^']*' reading the append only file ([^\s:]+)", DAMAGED_AOF),
        (r"Can't handle RDB format version", VERSION),
        (r"Error reading the RDB (?:base file|preamble of the AOF file) ([^\s:,]+)", DAMAGED_RDB),
        (r"AOF MANIFEST FILE ERROR|Found an empty AOF manifest|the truncated file is not the last", DAMAGED_MANIFEST),
        (r"(?:AOF|append log) file (\S+) (?:doesn't exist|for reading: No such file)", DAMAGED_MANIFEST),
        (r"FATAL CONFIG FILE ERROR|Fatal error, can't open config file", BAD_SETTING),
        (r"Failed to configure TLS|Failed to load (?:certificate|private key)", TLS_FILES),
        (r"ACL errors|Error loading ACLs", MISSING_FILE),
        (r"Out Of Memory allocating|aborting for OUT OF MEMORY", NO_MEMORY),
        # These come last, because a file may be missing or forbidden as a consequence of something else.
        (r"[Pp]ermission denied|Operation not permitted|cannot write there", WRONG_OWNER),
        (r"system is (?:starting up|not yet accepting)|redo (?:starts|in progress)|LOADING", RECOVERING),
    )
)
OF_ENGINE = tuple(
    (re.compile(expression), remedy)
    for expression, remedy in (
        (
            r"port is already allocated|address already in use|failed to bind",
            "Something else holds the port; `docker ps` and `ss -ltnp` on the host show what. Stop it, or set "
            "{port_variable} to a free port.",
        ),
        (
            r"bind source path does not exist: ([^\s\"'()]+)|error mounting \\?\"([^\s\"\\]+)",
            "{file} is mounted into the container, and is missing or no folder. Remove what stands in its place; "
            "a deployment without --tags makes it again.",
        ),
        (r"[Nn]o space left on device", DISK_FULL),
        (r"[Nn]o such image|[Cc]annot find image", "The image is not on the host. Deploy without --tags."),
        (
            r"network \S+ not found|could not find a network",
            "The container belongs to a network that is gone. Remove it; its data stays: docker rm {name}. Then deploy "
            "again.",
        ),
        (
            r"iptables.*(?:No chain|does not exist)|external connectivity",
            "The engine's own packet filter rules are gone or refused, perhaps flushed by another program. Let it make "
            "them again: systemctl restart docker (containers keep running), then deploy again.",
        ),
        (
            r"Connection refused|Connection aborted|fetching server API version|No such file or directory: .*docker",
            "The engine does not answer. On the host, `systemctl status docker` and `journalctl -u docker` say why.",
        ),
        (
            r"executable file not found|exec format error|permission denied: unknown",
            "The image {image} cannot run this server here. Choose another with {image_variable}.",
        ),
    )
)


def find(text, table):
    """Return (line, remedy, file) of the first remedy in a table that fits a text, None when none fits."""
    for expression, remedy in table:
        found = expression.search(text)
        if found:
            line = text[text.rfind("\n", 0, found.start()) + 1 :].splitlines()[0]
            return line.strip(), remedy, next(filter(None, found.groups()), "")
    return None


def variables(name):
    """Return the variables that the remedies mention, by name, for a container of the tier."""
    role = name.rpartition("-")[2]
    ends = {
        "empty_variable": "allow_empty",
        "settings_variable": "settings",
        "memory_variable": "memory_mb",
        "port_variable": "port",
        "timeout_variable": "healthy_timeout_seconds",
    }
    return {key: f"{role}_{end}" for key, end in ends.items()} | {"image_variable": f"images_{role}"}


def manifest_name(file):
    """Return the name of the manifest that lists one of Redis' append-only files."""
    return re.sub(r"\.\d+\.(?:incr|base)\.(?:aof|rdb)$", "", file or "appendonly.aof") + ".manifest"
