"""The host itself: what it is, its packages, the engine's service, the kernel's setting, the group, certificates."""

from __future__ import annotations

import contextlib
import glob
import grp
import os
import platform
import re
import socket
import subprocess

from ansible.module_utils import look_files, preflight_host, tls_files
from ansible.module_utils.preflight_ports import SEARCH_PATH

# Whichever of them brings the engine.
ENGINE_PACKAGES = ["docker.io", "docker-cli", "docker-ce", "docker-ce-cli", "containerd", "containerd.io", "runc"]
SERVICE = ["ActiveState", "UnitFileState", "FragmentPath", "DropInPaths", "NeedDaemonReload"]
OVERCOMMIT = "/proc/sys/vm/overcommit_memory"
AUTHORITY = "/etc/jarvis/ca.crt"
CERTIFICATES = "/etc/jarvis/secrets/*/server.crt"
RULES = "/usr/local/sbin/jarvis-firewall"


def said(*command):
    """Return what a command prints; a failure's words are not asked for."""
    done = subprocess.run(
        command, env={"PATH": SEARCH_PATH, "LC_ALL": "C"}, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def text_of(path):
    """Return what a file holds, empty when it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read().strip()
    except OSError:
        return ""


def observe(facts, packages, renew_days):
    """Note the host. C(packages) are those that the inventory wants; without TLS, there are no C(renew_days)."""
    facts.note(
        "host",
        machine=text_of("/etc/machine-id"),
        name=socket.gethostname(),
        distribution=re.sub(r'^.*^PRETTY_NAME="?([^"\n]*).*$', r"\1", text_of("/etc/os-release"), flags=re.M | re.S),
        architecture=platform.machine(),
        memory_mb=preflight_host.memory_mb(),
        cores=os.cpu_count(),
        disk_mb=preflight_host.disk_size_mb(look_files.DATA),
    )
    facts.note("kernel setting vm.overcommit_memory", value=text_of(OVERCOMMIT))
    with contextlib.suppress(KeyError):
        # Who is in it is the operator's to say.
        facts.note("group jarvis", number=grp.getgrnam("jarvis").gr_gid)
    observe_packages(facts, sorted({*packages, *ENGINE_PACKAGES}))
    observe_service(facts)
    if renew_days is not None:
        observe_certificates(facts, renew_days)
    facts.note("packet filter", rules=said(RULES, "check"))


def observe_packages(facts, names):
    """Note which versions of some packages there are."""
    form = "${Package}\t${Version}\t${db:Status-Status}\n"
    for line in said("dpkg-query", "--show", "--showformat", form, *names).splitlines():
        name, version, status = line.split("\t")
        if version:
            facts.note(f"package {name}", version=version, status=status)


def observe_service(facts):
    """Note how systemd runs the engine, and by which files."""
    shown = said("systemctl", "show", f"--property={','.join(SERVICE)}", "docker.service")
    found = dict(line.partition("=")[::2] for line in shown.splitlines())
    if found:
        facts.note_all("service docker", found)
    for path in [found.get("FragmentPath", ""), *found.get("DropInPaths", "").split()]:
        if os.path.isfile(path):
            look_files.note(facts, path)


def observe_certificates(facts, renew_days):
    """Doubt a certificate that is to be renewed or that no client accepts; what it holds is noted with the files."""
    # The host's own certificates hold it.
    facts.note("host", address=tls_files.default_address())
    for path in sorted(glob.glob(CERTIFICATES)):
        try:
            left = tls_files.inspect(AUTHORITY, path, os.path.join(os.path.dirname(path), "server.key")).days_left
        except tls_files.RefusedError as refused:
            facts.doubt(f"certificate {path}: {refused.file}: {refused.reason}")
        else:
            if left < renew_days:
                facts.doubt(f"certificate {path} has {left} days left")
