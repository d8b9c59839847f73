"""Observe a server's data on the host: its folder, an old volume, who uses them, and what was recorded of them."""

from __future__ import annotations

import glob
import json
import os
from typing import NamedTuple

from ansible.module_utils import access_list
from ansible.module_utils import data_files as files
from ansible.module_utils import engine_api as engine
from ansible.module_utils.preflight_host import DEFAULT_DATA_ROOT
from ansible.module_utils.preflight_ports import engine_settings

ROOT = "/var/lib/jarvis"
STATE_FOLDER = "/etc/jarvis/state"
CLIENT_SETTINGS = "/etc/jarvis/jarvis.env"
CONTROL_GROUP = "/proc/{pid}/cgroup"  # the path of the cgroup names the container
COMPOSE_LABEL = "com.docker.compose.project"
READERS = {"postgres": files.postgres_content, "redis": files.redis_content}
PROCESSES = {"postgres": "postgres", "redis": "redis-server"}  # the names of their commands
OLD_READERS = {"postgres": files.postgres_content, "redis": files.old_redis_content}


class Server(NamedTuple):
    """A server, as the inventory and the other roles describe it."""

    name: str
    kind: str  # of data: postgres or redis
    container: str
    image: str
    user: str  # inside the image
    volume: str  # where an earlier release kept the data
    client_variable: str  # written once a deployment has succeeded
    allow_empty: bool
    first_start_file: str | None  # what allows the image to begin an empty database, where it asks for such a file
    socket_folder: str | None
    client_socket_folder: str | None = None  # for local applications
    client_socket_enabled: bool = False

    @property
    def home(self):
        """The folder of all that the server keeps, where an operator may mount a disk."""
        return os.path.join(ROOT, self.name)

    @property
    def folder(self):
        """The data folder."""
        return os.path.join(self.home, "data")

    @property
    def moving(self):
        """Where data is copied to before it is complete."""
        return self.folder + ".moving"

    @property
    def trial(self):
        """The container that tries another image on the data, for a while."""
        return self.container + "-trial"

    @property
    def record(self):
        """The file that says which data this host has."""
        return os.path.join(STATE_FOLDER, self.name + ".json")

    def work_folder(self, folder):
        """Return the folder in which the server's process would work if its data were in C(folder)."""
        inner = os.path.join(folder, files.REDIS_FOLDER)
        return inner if self.kind == "redis" and os.path.isdir(inner) else folder


class Observed(NamedTuple):
    """What was found out about a server's data."""

    content: files.Content
    recorded: dict | None  # identity and append_only; they are recorded from the first success on
    deployed_before: bool  # the client settings of this host name the server
    mount_points: list[str]  # mounted at places where no file system may be mounted
    volume: str | None  # path of the old volume
    volume_content: files.Content
    volume_project: str | None  # the Compose project that the volume belongs to
    half_moved: bool  # the volume's data has a proven copy that only has to be given its final name
    users: dict[str, str]  # other containers that mount the folder or the old volume, with what they mount
    workers: dict[int, str]  # processes outside of our container that work in the folder or the old volume
    running: bool
    elsewhere: str | None  # where our running container works, if that is neither the folder nor the old volume
    owner: int | None  # user id
    keeps_access_lists: bool = True  # where the folders of the sockets are, or will be


def read_record(path):
    """Return what was recorded of a server's data, None when nothing was. Raises ValueError for a damaged file."""
    try:
        with open(path, encoding="utf-8") as stream:
            recorded = json.load(stream)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not isinstance(recorded, dict) or not recorded.get("identity"):
        raise ValueError("it names no identity")
    return recorded


def client_settings_name(variable):
    """Return whether the client settings of the host contain a server's address."""
    try:
        with open(CLIENT_SETTINGS, encoding="utf-8", errors="replace") as stream:
            return any(line.startswith(variable + "=") for line in stream)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):  # preflight reports what is there instead
        return False


def is_below(path, folder):
    """Return whether C(path) is C(folder) or lies in it."""
    return os.path.commonpath([path, folder]) == folder


def users_of(server, volume):
    """Return {container: what it mounts} of the containers, running or not, that mount the data and are not ours."""
    found = {}
    for container in engine.get("/containers/json?all=1") or []:
        name = container["Names"][0].lstrip("/")
        # The container of an interrupted trial is ours as well, unless it still runs.
        ours = name == server.container or (name == server.trial and container["State"] != "running")
        if ours and COMPOSE_LABEL not in container["Labels"]:
            continue
        # A container that only reads, such as a backup, does no harm.
        for mount in (mount for mount in container["Mounts"] if mount["RW"]):
            source = os.path.realpath(mount.get("Source") or "/nowhere")
            if mount.get("Name") == server.volume and volume:
                found[name] = f"the volume {server.volume}"
            elif source == server.home or is_below(source, server.folder):
                found[name] = source
    return found


def container_state(name):
    """Return (process id of a running container's first process or None, whether it is up in any way)."""
    state = (engine.get(f"/containers/{name}/json") or {}).get("State") or {}
    return (state.get("Pid") or None, bool(state.get("Running") or state.get("Restarting") or state.get("Paused")))


def unattended_process(name):
    """Return the first process of a container that runs although the engine does not, from the engine's folder."""
    for path in glob.glob(os.path.join(glob.escape(data_root()), "containers/*/config.v2.json")):
        try:
            with open(path, encoding="utf-8") as stream:
                kept = json.load(stream)
            pid = kept["State"]["Pid"]
            with open(CONTROL_GROUP.format(pid=pid), encoding="utf-8") as stream:
                # The process may have ended, and another process may have its number by now.
                if kept["Name"] == f"/{name}" and kept["ID"] in stream.read():
                    return pid
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def data_root():
    """Return the engine's folder; preflight reports settings that cannot be read."""
    try:
        return engine_settings().get("data-root", DEFAULT_DATA_ROOT)
    except ValueError:
        return DEFAULT_DATA_ROOT


def old_volume(name):
    """Return (path, Compose project) of a volume that the engine has, (None, None) without one."""
    found = engine.get(f"/volumes/{name}")
    if found:
        return found["Mountpoint"], (found.get("Labels") or {}).get(COMPOSE_LABEL)
    # While the engine does not run, its folder shows which volumes it has.
    path = os.path.join(data_root(), "volumes", name, "_data")
    return (path if os.path.isdir(path) else None), None


def observe(server):
    """Return what there is of a server's data. Raises ValueError if its record is damaged."""
    try:
        recorded = read_record(server.record)
    except ValueError as error:
        raise ValueError(
            f"{server.record} is damaged: {error}. Remove it: data that is in place is then taken as this host's."
        ) from error
    volume, project = old_volume(server.volume)
    pid, running = container_state(server.container)
    if engine.get("/version") is None:
        pid = unattended_process(server.container)
    places = [server.work_folder(server.folder), *([volume] if volume else [])]
    workers = {pid: name for place in places for pid, name in files.working_processes(place).items()}
    cwd = f"/proc/{pid}/cwd"
    # The first process of a container that just starts is a shell that works elsewhere.
    serves = pid and files.first_line(f"/proc/{pid}/comm").startswith(PROCESSES[server.kind])
    strays = serves and not any(files.same_folder(cwd, place) for place in places)
    return Observed(
        content=READERS[server.kind](server.folder),
        recorded=recorded,
        deployed_before=client_settings_name(server.client_variable),
        mount_points=[path for path in (ROOT, server.folder) if path in files.mount_points()],
        volume=volume,
        volume_content=OLD_READERS[server.kind](volume) if volume else files.Content("absent"),
        volume_project=project,
        half_moved=bool(volume)
        and os.path.isdir(server.moving)
        and os.path.isdir(os.path.join(volume, files.MOVED_FOLDER)),
        users=users_of(server, volume),
        workers={worker: name for worker, name in workers.items() if not (pid and files.same_container(worker, pid))},
        running=running,
        elsewhere=os.readlink(cwd) if strays else None,
        owner=os.stat(server.folder).st_uid if os.path.isdir(server.folder) else None,
        keeps_access_lists=access_list.is_kept_at(server.client_socket_folder or ROOT),
    )
