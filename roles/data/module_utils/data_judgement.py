"""Decide what is to be done with a server's data, or why it must not be touched. Each problem names its remedy."""

from __future__ import annotations

# The possible plans.
KEEP = "keep"  # the data is in place
MOVE = "move"  # it is in the volume of an earlier release
NEW = "new"  # there is none, and there never was
RENEW = "renew"  # the present folder is set aside, and an empty one begun


def plan(server, observed):
    """Return one of the plans for what was observed, None when there are problems."""
    if list(problems(server, observed)):
        return None
    if observed.content.state == "data" and not lost(observed):
        return KEEP
    if observed.half_moved or (
        observed.volume_content.state == "data" and not observed.recorded and not observed.volume_project
    ):
        return MOVE
    return NEW if observed.content.state in ("absent", "empty") else RENEW


def lost(observed):
    """Return in words what the folder holds instead of the recorded data, None if it holds that."""
    recorded, content = observed.recorded, observed.content
    if not recorded:
        return None
    if content.state != "data":
        return {
            "absent": "the folder does not exist",
            "empty": "the folder is empty",
            "unfinished": "the folder holds the beginning of a database that was never completed",
            "damaged": "the folder holds files of a database that cannot be read",
            "unknown": "the folder holds other files",
        }[content.state]
    if content.identity != recorded["identity"]:
        return f"the folder holds the data {content.identity or 'without a name'}"
    if recorded.get("append_only") and not content.append_only:
        return "the folder lacks the append-only file"
    return None


def problems(server, observed):
    """Yield why the data must not be touched, a sentence each."""
    yield from mount_problems(server, observed)
    yield from use_problems(server, observed)
    yield from loss_problems(server, observed)
    yield from socket_problems(server, observed)


def mount_problems(server, observed):
    """Yield a problem for each file system that is mounted at a place where nobody would notice its absence."""
    for point in observed.mount_points:
        yield (
            f"{point} is a mount point. If its disk were missing once, an empty database could take the place of the "
            f"data. Mount the disk at {server.home} and put the data into {server.folder}."
        )


def socket_problems(server, observed):
    """Yield the problem of a file system on which nobody can be kept out of a folder by name."""
    if server.client_socket_enabled and not observed.keeps_access_lists:
        yield (
            f"The file system of {server.client_socket_folder} keeps no access lists, and without one a user of the "
            f"host with the number that {server.name} runs as could pass for it there. Turn them on (ext4: mount it "
            "with acl; ZFS: acltype=posix), or set client_sockets_enabled to false: applications then have the "
            "addresses of the network alone."
        )


def use_problems(server, observed):
    """Yield a problem for each other user of the data, since two servers on one folder destroy it."""
    for container, source in sorted(observed.users.items()):
        yield (
            f"The container {container} mounts {source}, and two servers on the same data destroy it. Remove that "
            "container "
            f"(docker rm -f {container}; its volume stays). Then this deployment takes the data over, if it lies in "
            f"{server.folder} or in the volume {server.volume}."
        )
    if observed.workers:
        listed = ", ".join(f"{name} (pid {pid})" for pid, name in sorted(observed.workers.items()))
        yield (
            f"{listed} works in the data of {server.name}, and is no process of the container {server.container} that "
            "the engine knows. Two servers on the same data destroy it. End that process with SIGINT, or bring the "
            "engine back that its container belongs to (was data-root changed?)."
        )
    if observed.elsewhere:
        yield (
            f"{server.container} runs, but works in {observed.elsewhere}, which is not {server.folder} any more: "
            "its folder "
            "was removed or replaced below it. Do not stop it: its data may be nowhere else. Copy it out of the "
            "running server first (docs/operations.md), then remove the container and restore the copy."
        )


def loss_problems(server, observed):
    """Yield a problem if the data is gone, or is not the data that this host had."""
    missing = lost(observed)
    remedy = (
        f"Restore the data into {server.folder} (is its disk mounted at {server.home}?), or, if it is meant to "
        "begin empty, "
        f"deploy with -e {server.name}_allow_empty=true; what is there is then set aside, not deleted."
    )
    if missing and not server.allow_empty:
        kept = (
            f" To take what is there as this host's data, remove {server.record}."
            if observed.content.state == "data" and observed.content.identity
            else ""
        )
        yield (
            f"The data of {server.name} is lost: {server.folder} held the data {observed.recorded['identity']}, "
            "and now "
            f"{missing}. {remedy}{kept}"
        )
    elif not observed.recorded:
        yield from unrecorded_problems(server, observed, remedy)


def unrecorded_problems(server, observed, remedy):
    """Yield a problem if the data of a host without a record is not clear. An earlier release has recorded nothing."""
    here, there = observed.content, observed.volume_content
    if here.state == "data" and there.state == "data" and here.identity != there.identity:
        yield (
            f"Both {server.folder} ({here.identity or 'without a name'}) and the volume {server.volume} "
            f"({there.identity or 'without a name'}) hold data of {server.name}. Move the one that is not wanted "
            "away."
        )
    elif here.state == "unknown":
        yield f"{server.folder} holds files that are no data of {server.name}. Move them away."
    elif here.state == "damaged" and not server.allow_empty:
        yield f"{server.folder} holds a database that cannot be read (is global/pg_control there?). {remedy}"
    elif here.state != "data" and there.state == "data":
        if observed.volume_project and not server.allow_empty:
            yield (
                f"The volume {server.volume} holds data of the Compose project {observed.volume_project}. To take "
                "it over, copy "
                f"it into {server.folder} while its server is stopped; or begin empty with -e "
                f"{server.name}_allow_empty=true."
            )
    elif here.state != "data" and observed.deployed_before and not (server.allow_empty or observed.half_moved):
        yield (
            f"The data of {server.name} is lost: this host was deployed before, and neither {server.folder} nor "
            "the volume "
            f"{server.volume} holds it (was the engine's data-root changed?). {remedy}"
        )
