"""The host itself: its size, packages and certificates, the engine's service, a kernel setting, the group."""

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

# The engine comes from one of these packages.
ENGINE_PACKAGES = ["docker.io", "docker-cli", "docker-ce", "docker-ce-cli", "containerd", "containerd.io", "runc"]
SERVICE = ["ActiveState", "UnitFileState", "FragmentPath", "DropInPaths", "NeedDaemonReload"]
OVERCOMMIT = "/proc/sys/vm/overcommit_memory"
AUTHORITY = "/etc/jarvis/ca.crt"
CERTIFICATES = "/etc/jarvis/secrets/*/server.crt"
RULES = "/usr/local/sbin/jarvis-firewall"


def said(*command):
    """Return what a command prints on its standard output, also if it fails."""
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
        # The operator decides who is a member, so the members do not count.
        facts.note("group jarvis", number=grp.getgrnam("jarvis").gr_gid)
    observe_packages(facts, sorted({*packages, *ENGINE_PACKAGES}))
    observe_service(facts)
    if renew_days is not None:
        observe_certificates(facts, renew_days)
    facts.note("packet filter", rules=said(RULES, "check"))


def observe_packages(facts, names):
    """Note the installed versions of packages."""
    form = "${Package}\t${Version}\t${db:Status-Status}\n"
    for line in said("dpkg-query", "--show", "--showformat", form, *names).splitlines():
        name, version, status = line.split("\t")
        if version:
            facts.note(f"package {name}", version=version, status=status)


def observe_service(facts):
    """Note how systemd runs the engine, and from which unit files."""
    shown = said("systemctl", "show", f"--property={','.join(SERVICE)}", "docker.service")
    found = dict(line.partition("=")[::2] for line in shown.splitlines())
    if found:
        facts.note_all("service docker", found)
    for path in [found.get("FragmentPath", ""), *found.get("DropInPaths", "").split()]:
        if os.path.isfile(path):
            look_files.note(facts, path)


def observe_certificates(facts, renew_days):
    """Note a doubt for a certificate that is due or that no client accepts. Its content is noted with the files."""
    # The host's own certificates contain this address.
    facts.note("host", address=tls_files.default_address())
    for path in sorted(glob.glob(CERTIFICATES)):
        try:
            left = tls_files.inspect(AUTHORITY, path, os.path.join(os.path.dirname(path), "server.key")).days_left
        except tls_files.RefusedError as refused:
            facts.doubt(f"certificate {path}: {refused.file}: {refused.reason}")
        else:
            if left < renew_days:
                facts.doubt(f"certificate {path} has {left} days left")
