"""The tests of clients run real libraries, as an application on the host would: in its network, with its settings."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

pytest_plugins = ["scenario_host"]

CLIENTS = Path(__file__).parent
LIBRARIES = CLIENTS.parents[1] / ".cache/clients"
SECONDS = 120
# What a client sees at /etc/jarvis, and of the sockets, is what the host has there.
IN_THE_HOST = """
mount --bind "$1" /etc/jarvis
mount -t tmpfs tmpfs /var/lib/jarvis
ln -s "$2/var/lib/jarvis/sockets" /var/lib/jarvis/sockets
set -a; . /etc/jarvis/jarvis.env; set +a
shift 2
exec "$@"
"""
BY_SOCKET = ["sh", "-c", 'DATABASE_URL=$DATABASE_SOCKET_URL REDIS_URL=$REDIS_SOCKET_URL exec "$@"', "sh"]


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=True, **options)


@pytest.fixture(scope="session")
def python():
    """Return a function that makes an environment from a lock file, once, and returns its interpreter."""

    def interpreter(lock="requirements.txt"):
        folder = LIBRARIES / Path(lock).stem
        made_of = folder / "made-of"
        text = (CLIENTS / lock).read_text()
        if not made_of.exists() or made_of.read_text() != text:
            run(sys.executable, "-m", "venv", "--clear", str(folder))
            pip = [str(folder / "bin/pip"), "install", "--quiet", "--no-compile", "--require-hashes"]
            run(*pip, "--only-binary", ":all:", "-r", str(CLIENTS / lock))
            made_of.write_text(text)
        return str(folder / "bin/python")

    return interpreter


@pytest.fixture(scope="session")
def node():
    """Return the folder in which the programs for Node find their libraries."""
    folder = LIBRARIES / "node"
    shutil.copytree(CLIENTS / "node", folder, dirs_exist_ok=True)
    run("npm", "ci", "--no-audit", "--no-fund", cwd=folder)
    return folder


@pytest.fixture
def on_host(host, tmp_path):
    """Return a function that runs a command of this machine in the host's network, with its client settings.

    C(by_socket) gives it the addresses of the sockets in the place of those of the network.
    """

    def run_there(*command, cwd="/", by_socket=False):
        for name in ("jarvis.env", "ca.crt"):
            (tmp_path / name).write_text(host.run(f"cat /etc/jarvis/{name}", check=False).stdout)
        for folder in ("/etc/jarvis", "/var/lib/jarvis"):
            Path(folder).mkdir(exist_ok=True)
        process = f"/proc/{json.loads(run('docker', 'inspect', host.name).stdout)[0]['State']['Pid']}"
        inside = ["nsenter", f"--net={process}/ns/net", "unshare", "--mount", "sh", "-ec", IN_THE_HOST, "sh"]
        done = subprocess.run(
            [*inside, str(tmp_path), f"{process}/root", *(BY_SOCKET if by_socket else []), *map(str, command)],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        print(shlex.join(map(str, command)), done.stdout, done.stderr, sep="\n")
        return done

    return run_there
