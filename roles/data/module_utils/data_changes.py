"""Change a server's data: move it, begin it, give it to another user. The next run completes an interrupted change."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import tempfile
import time
import uuid

from ansible.module_utils import data_files as files

STOP_SECONDS = 120


class ChangeError(Exception):
    """Something could not be done; the text says what, and what to do about it."""


def write_atomically(path, text, mode):
    """Write a file that belongs to root, so that there is always either the old or the new one."""
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path))
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.chmod(temporary, mode)
    os.replace(temporary, path)
    sync_folder(os.path.dirname(path))


def sync_folder(path):
    """Make the names in a folder survive a loss of power."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def command(*words):
    """Run a command and return what it prints. Raises ChangeError with its own words when it fails."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ChangeError(f"{' '.join(words)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def stop(server):
    """Stop the server's container with the time that a clean shutdown takes."""
    command("docker", "stop", "--time", str(STOP_SECONDS), server.container)


def remove(container):
    """Remove a temporary container of ours, if it is there."""
    subprocess.run(["docker", "rm", "--force", container], capture_output=True, check=False)


def set_aside(path):
    """Set a folder aside by giving it another name, and return that name. Nothing is ever deleted."""
    target = f"{path}.set-aside-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    os.rename(path, target)
    sync_folder(os.path.dirname(path))
    return target


def make_folder(path, mode, uid=0, gid=0):
    """Make a folder, or bring owner and mode of an existing one to what is wanted."""
    if not os.path.isdir(path):
        os.mkdir(path, mode)
    os.chmod(path, mode)
    os.chown(path, uid, gid)


def size_of(folder):
    """Return (number of files, their bytes) of a folder."""
    sizes = [os.lstat(os.path.join(parent, name)).st_size for parent, _, names in os.walk(folder) for name in names]
    return len(sizes), sum(sizes)


def move(server, observed):
    """Bring the data of a volume into the data folder, and return what was moved. The server is stopped.

    The data is copied if there is room, so that the volume stays a way back. Otherwise it is renamed, if that is
    possible. Once the copy is proven, the data in the volume is put where no server finds it, and only then the copy
    gets its final name. So at no moment can two servers find the data.
    """
    if not observed.half_moved:
        try:
            copy(server, observed.volume)
        except (ChangeError, OSError):
            # Whatever went wrong, the volume is unchanged, and the server goes on with it.
            if observed.running and server_identity(server, observed.volume):
                command("docker", "start", server.container)
            raise
    if os.path.isdir(server.moving):
        refuse_workers(observed.volume)
        close_volume(observed.volume)
        if os.path.exists(server.folder):
            set_aside(server.folder)
        os.rename(server.moving, server.folder)
        sync_folder(server.home)
    number, size = size_of(server.folder)
    return (
        f"{number} files, {size // 2**20} MiB; the volume is kept until you remove it: docker volume rm {server.volume}"
    )


def copy(server, volume):
    """Make a proven copy of a volume's data beside its place; without room for one, rename it into its place."""
    refuse_workers(volume)
    name_the_data(server, volume)
    earlier = os.path.join(volume, files.MOVED_FOLDER)
    if os.path.exists(earlier):
        set_aside(earlier)
    before = (size_of(volume), server_identity(server, volume))
    if os.path.exists(server.moving):
        shutil.rmtree(server.moving)
    if shutil.disk_usage(server.home).free < before[0][1]:
        rename(server, volume)
        return
    target = server.moving
    if server.kind == "redis":
        owner = os.stat(volume)
        make_folder(server.moving, 0o700, owner.st_uid, owner.st_gid)
        target = os.path.join(server.moving, files.REDIS_FOLDER)
    command("cp", "--archive", "--reflink=auto", volume, target)
    command("sync", "--file-system", target)
    after = (size_of(target), server_identity(server, target))
    if before != after:
        raise ChangeError(
            f"The copy of {volume} in {target} differs from it: {after} instead of {before}. The volume is "
            "untouched. "
            "Deploy again."
        )


def require_room(server, volume):
    """Raise ChangeError if a volume's data can neither be copied nor renamed to its place."""
    place = server.home
    while not os.path.exists(place):
        place = os.path.dirname(place)
    free, needed = shutil.disk_usage(place).free, size_of(volume)[1]
    if free < needed and os.stat(volume).st_dev != os.stat(place).st_dev:
        raise ChangeError(
            f"{server.home} has {free // 2**20} MiB free, and the data in {volume} takes {needed // 2**20} MiB. Free "
            "some space, or mount a larger disk there, then deploy again. The data is untouched."
        )


def refuse_workers(volume):
    """Raise ChangeError if a process still works on a volume's data although its server has ended."""
    workers = files.working_processes(volume)
    if workers:
        listed = ", ".join(f"{name} (pid {pid})" for pid, name in sorted(workers.items()))
        raise ChangeError(f"{listed} works in {volume}, though its container was stopped. End it, then deploy again.")


def rename(server, volume):
    """Move a volume's data to its new place in one step. Raises ChangeError if that is on another file system."""
    require_room(server, volume)
    owner = os.stat(volume)
    target = server.folder
    if server.kind == "redis":
        make_folder(server.folder, 0o700, owner.st_uid, owner.st_gid)
        target = os.path.join(server.folder, files.REDIS_FOLDER)
    os.rename(volume, target)
    make_folder(volume, 0o700, owner.st_uid, owner.st_gid)
    close_volume(volume)


def server_identity(server, folder):
    """Return the identity of the data in a folder that has the layout of a server's own data folder."""
    if server.kind == "postgres":
        return files.system_identifier(folder)
    return files.first_line(os.path.join(folder, files.REDIS_MARKER))


def name_the_data(server, folder):
    """Give Redis' data an identity. PostgreSQL's has one by itself."""
    marker = os.path.join(folder, files.REDIS_MARKER)
    if server.kind == "redis" and not os.path.exists(marker):
        write_atomically(marker, f"{uuid.uuid4()}\n", 0o444)


def close_volume(volume):
    """Put the files of a volume whose data was moved into a subfolder, so that no server takes them for its data."""
    inner = os.path.join(volume, files.MOVED_FOLDER)
    os.makedirs(inner, mode=0o700, exist_ok=True)
    for name in files.entries(volume) - {files.MOVED_FOLDER}:
        os.rename(os.path.join(volume, name), os.path.join(inner, name))
    sync_folder(volume)


def hand_over(folder, uid, gid):
    """Give a folder and all in it to a user. The folder itself comes last: its owner then shows that all is done."""
    # The loop works with handles of opened folders, not with paths: somebody who may write there could put a link to
    # elsewhere in the place of a folder meanwhile.
    for _parent, folders, names, handle in os.fwalk(folder, topdown=False):
        for name in folders + names:
            with contextlib.suppress(FileNotFoundError):
                os.chown(name, uid, gid, dir_fd=handle, follow_symlinks=False)
    os.chown(folder, uid, gid)


def first_start_allowed(path):
    """Return whether the image may begin an empty database, None when its file is missing."""
    try:
        return os.path.getsize(path) > 0
    except (FileNotFoundError, NotADirectoryError):
        return None


def allow_first_start(path, allowed):
    """Let the image begin an empty database, or not.

    The image refuses to begin one without a password for its superuser. Nobody knows the password that it gets here,
    and no rule of pg_hba.conf accepts it.
    """
    if first_start_allowed(path) != allowed:
        write_atomically(path, secrets.token_urlsafe(32) if allowed else "", 0o444)


def record(server, content):
    """Write down which data this host has from now on."""
    make_folder(os.path.dirname(server.record), 0o700)
    text = json.dumps({"identity": content.identity, "append_only": content.append_only})
    write_atomically(server.record, text + "\n", 0o600)
