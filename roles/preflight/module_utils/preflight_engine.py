"""Check whether the engine works and accepts new settings, before these are written: a restart may stop others."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess

from ansible.module_utils import preflight_host as host
from ansible.module_utils import preflight_ports as ports

PID_FILE = "/var/run/docker.pid"
OPTIONS_FILE = "/etc/default/docker"
SECONDS = 10
# Settings whose flag has another name: https://docs.docker.com/reference/cli/dockerd/
SETTING_OF_FLAG = {
    "H": "hosts",
    "host": "hosts",
    "g": "data-root",
    "graph": "data-root",
    "add-runtime": "runtimes",
    "default-ulimit": "default-ulimits",
    "exec-opt": "exec-opts",
    "insecure-registry": "insecure-registries",
    "label": "labels",
    "log-opt": "log-opts",
    "registry-mirror": "registry-mirrors",
    "storage-opt": "storage-opts",
}


def flags(words):
    """Return {setting: flag as it was given} for the words of the command that starts an engine."""
    found = {}
    for word in words:
        given = re.match(r"--?([A-Za-z][A-Za-z0-9-]*)", word)
        if given:
            found[SETTING_OF_FLAG.get(given[1], given[1])] = word
    return found


def started_with():
    """Return the words of the command with which the engine runs, or would be started the next time."""
    words = []
    try:
        with open(PID_FILE, encoding="ascii") as stream:
            pid = stream.read().strip()
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as stream:
            words += stream.read().split("\0")
    except OSError:
        pass
    words += unit_words()
    try:
        with open(OPTIONS_FILE, encoding="utf-8", errors="replace") as stream:
            for options in re.findall(r"^\s*DOCKER_OPTS=(.*)$", stream.read(), re.MULTILINE):
                words += " ".join(shlex.split(options)).split()
    except (OSError, ValueError):
        pass
    return words


def unit_words():
    """Return the words of the unit that starts the engine, with its drop-ins; none without systemd."""
    systemctl = shutil.which("systemctl", path=ports.SEARCH_PATH)
    if not systemctl:
        return []
    command = [systemctl, "show", "--property=ExecStart", "--value", "docker.service"]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False).stdout
    except subprocess.TimeoutExpired:
        return []
    argv = re.search(r"argv\[\]=(.*?) ;", shown)
    return argv[1].split() if argv else []


def settings_problems(wanted, settings, given):
    """Yield the problems of the settings with which the engine would be started.

    C(wanted) are the settings of the inventory, C(settings) those of the file, C(given) those that L(flags) found.
    """
    merged = {**settings, **wanted}
    for name in sorted(merged.keys() & given.keys()):
        where = "docker_daemon_settings has" if name in wanted else f"{ports.ENGINE_SETTINGS} has"
        yield (
            f"The engine is started with {given[name]}, and {where} {name} as well: it would not start any more. "
            f"Remove the flag ({OPTIONS_FILE}, or a drop-in: systemctl cat docker), or the setting."
        )
    if merged.get("userns-remap") or "userns-remap" in given:
        yield (
            "The engine maps users (userns-remap), so that the servers could not use their folders on the host. Use a "
            "host whose engine does not."
        )


def foreign_problems(version):
    """Yield a problem if something other than Docker answers at its socket; C(version) is its answer about itself."""
    names = [part.get("Name", "?") for part in version.get("Components") or []]
    if "Engine" not in names:
        yield (
            f"{', '.join(names) or 'Another program'} answers at {ports.ENGINE_SOCKET}, and is no Docker engine. "
            "Remove it (apt-get remove podman-docker), or use another host."
        )
    elif not shutil.which("dockerd", path=ports.SEARCH_PATH):
        yield (
            f"An engine answers at {ports.ENGINE_SOCKET}, and no dockerd is in {ports.SEARCH_PATH}: it comes from a "
            "snap, or from somewhere else that keeps its settings elsewhere. A second one beside it would harm both. "
            "Remove it (snap remove docker), or use another host."
        )


def running_problems(wanted, settings, given, info):
    """Yield the problems that the running engine would have with new settings; C(info) is its answer about itself."""
    merged = {**settings, **wanted}
    if any("rootless" in option for option in info.get("SecurityOptions") or []):
        yield f"The engine at {ports.ENGINE_SOCKET} runs without root, and cannot serve. Use one that runs as root."
    if merged.get("live-restore") and info.get("Swarm", {}).get("LocalNodeState") not in (None, "", "inactive"):
        yield (
            "The engine is part of a swarm, with which live-restore does not work: it would not start any more. Leave "
            "the swarm (docker swarm leave), or give docker_daemon_settings without live-restore; containers then stop "
            "whenever the engine restarts."
        )
    now = info.get("DockerRootDir") or host.DEFAULT_DATA_ROOT
    then = str(merged.get("data-root", now if "data-root" in given else host.DEFAULT_DATA_ROOT))
    if os.path.realpath(then) != os.path.realpath(now) and info.get("ContainersRunning"):
        yield (
            f"The engine keeps its data in {now}, and would keep it in {then} (data-root). Its "
            f"{info['ContainersRunning']} running containers would go on without an engine that knows them. Stop them "
            f"first (docker ps), or set data-root to {now}."
        )


def problems(wanted, settings):
    """Yield why the engine of the host cannot work with the settings C(wanted) in addition to those of its file."""
    given = flags(started_with())
    yield from settings_problems(wanted, settings, given)
    version = ports.engine_get("/version")
    if version:
        yield from foreign_problems(version)
        yield from running_problems(wanted, settings, given, ports.engine_get("/info") or {})
