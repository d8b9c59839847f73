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
# A client sees the host's files at /etc/jarvis.
IN_THE_HOST = 'mount --bind "$1" /etc/jarvis; set -a; . /etc/jarvis/jarvis.env; set +a; shift; exec "$@"'


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
    """Return a function that runs a command of this machine in the host's network, with its client settings."""

    def run_there(*command, cwd="/"):
        for name in ("jarvis.env", "ca.crt"):
            (tmp_path / name).write_text(host.run(f"cat /etc/jarvis/{name}", check=False).stdout)
        Path("/etc/jarvis").mkdir(exist_ok=True)
        state = json.loads(run("docker", "inspect", host.name).stdout)[0]["State"]
        inside = ["nsenter", f"--net=/proc/{state['Pid']}/ns/net", "unshare", "--mount", "sh", "-ec", IN_THE_HOST, "sh"]
        done = subprocess.run(
            [*inside, str(tmp_path), *map(str, command)],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        print(shlex.join(map(str, command)), done.stdout, done.stderr, sep="\n")
        return done

    return run_there
