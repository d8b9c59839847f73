"""Say in a few lines why a container does not work."""

from __future__ import annotations

import os

from ansible.module_utils import container_remedies as remedies

LAST_LINES = 8
LINE_WIDTH = 240
# Engines on version 1 of the control groups do not always say that a process was killed for lack of memory.
KILLED_EXIT_CODE = 137


def data_mount(container):
    """Return the mount that holds a container's data: a writable one, preferably named "…data"; {} without one."""
    mounts = [mount for mount in container.get("Mounts") or [] if mount.get("RW") and mount.get("Source")]
    return next(iter(sorted(mounts, key=lambda mount: not mount["Destination"].endswith("data"))), {})


def folder_of(name, below):
    """Return the folder in C(below), at any depth, that holds a file of that name; C(below) itself if none does."""
    for folder, _folders, files in os.walk(below):
        if name in files:
            return folder
    return below


def facts(container, file):
    """Return the values that remedies for a container can contain, by name."""
    mount = data_mount(container)
    data, target = mount.get("Source", "its data"), mount.get("Destination", "/data")
    name = container.get("Name", "").lstrip("/")
    configuration = container.get("Config") or {}
    manifest = remedies.manifest_name(file)
    folder = folder_of(manifest, data)
    inside = os.path.normpath(os.path.join(target, os.path.relpath(folder, data)))
    return {
        "name": name,
        "image": configuration.get("Image", "the image"),
        "user": configuration.get("User") or "root",
        "file": file,
        "data": data,
        "folder": folder,
        "mount": f"{mount.get('Name') or data}:{target}",
        "manifest": os.path.join(inside, manifest),
        **remedies.variables(name),
    }


def remedy_for(container, lines):
    """Return (the line of a server's log that tells the cause, the remedy), two empty texts if no line tells it."""
    found = remedies.find("\n".join(lines), remedies.OF_SERVERS)
    if not found:
        return "", ""
    line, remedy, file = found
    return line, remedy.format(**facts(container, file))


def state_line(state):
    """Return a container's state in one line."""
    out_of_memory = "yes" if state.get("OOMKilled") else "no"
    line = f"State: {state['Status']}, exit code {state['ExitCode']}, killed for lack of memory: {out_of_memory}."
    return line + (f" The engine says: {state['Error']}" if state.get("Error") else "")


def of_server(container, event, lines):
    """Return the report of a container after an event such as C(ended with exit code 1)."""
    name, state = container["Name"].lstrip("/"), container["State"]
    # The container did not end by itself, so its log explains nothing.
    if state["Status"] == "paused":
        return f"{name} {event}.\n{remedies.PAUSED.format(name=name)}"
    if state["Status"] == "exited" and state["ExitCode"] == 0:
        return f"{name} {event}.\n{remedies.STOPPED}"
    cause, remedy = remedy_for(container, [*lines, *health_lines(state)])
    if state.get("OOMKilled"):
        remedy = remedies.NO_MEMORY.format(**facts(container, ""))
    elif state["ExitCode"] == KILLED_EXIT_CODE and not remedy:
        remedy = remedies.KILLED.format(**facts(container, ""))
    parts = [f"{name} {event}."]
    if remedy:
        parts.append(remedy)
    else:
        parts.append(f"Mend what its last lines name, then deploy again. All of them: docker logs {name}")
    parts.append(state_line(state))
    probe = health_lines(state)
    if probe and state["Status"] == "running":
        parts.append(f"Its health check says: {short(probe[-1])}")
    shown = lines[-LAST_LINES:]
    if cause in map(str.strip, lines) and cause not in map(str.strip, shown):
        shown = [cause, *shown[1:]]
    parts += (
        ["Its last lines since this start:", *(f"  {short(line)}" for line in shown)]
        if shown
        else ["It wrote nothing since this start."]
    )
    return "\n".join(parts)


def health_lines(state):
    """Return what the last run of the health check printed."""
    runs = (state.get("Health") or {}).get("Log") or []
    return [line for line in (runs[-1].get("Output") or "").splitlines() if line.strip()] if runs else []


def of_engine(container, name, failure):
    """Return the report of a container that could not be started; C(failure) is what the engine or its module said."""
    failure = " ".join(failure.split())
    found = remedies.find(failure, remedies.OF_ENGINE)
    known = facts({"Name": name, **(container or {})}, found[2] if found else "")
    remedy = found[1].format(**known) if found else "Mend what it names, then deploy again."
    return f"{name} was not started. {remedy}\nThe engine says: {failure[: 4 * LINE_WIDTH]}"


def short(line):
    """Return a line, shortened if it is too long to read."""
    line = line.rstrip()
    return line if len(line) <= LINE_WIDTH else line[:LINE_WIDTH] + " ..."
