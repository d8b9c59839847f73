"""Real servers with the role's own settings and users."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT / "tests/images"), str(Path(__file__).parent)]

from image_containers import docker  # noqa: E402
from redis_servers import NETWORK, Server  # noqa: E402


@pytest.fixture(scope="session")
def image():
    """Return the image under test, or end the run: a test that cannot run must not look passed."""
    return os.environ.get("JARVIS_TEST_REDIS_IMAGE") or pytest.exit("JARVIS_TEST_REDIS_IMAGE is not set", 2)


@pytest.fixture(scope="session")
def rendered(tmp_path_factory, image):
    """Return the folder with the files that the role makes."""
    folder = tmp_path_factory.mktemp("rendered")
    variables = {"folder": str(folder), "redis_image": image}
    done = subprocess.run(
        ["ansible-playbook", "tests/redis/render.yml", "-e", json.dumps(variables)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return folder


@pytest.fixture(scope="session")
def network():
    """Make a network for these tests and return its name."""
    docker("network", "create", NETWORK, check=False)
    yield NETWORK
    docker("network", "rm", NETWORK, check=False)


@pytest.fixture
def new_server(image, rendered, network, tmp_path):
    """Return a function that describes a server. C(default) is the line of the user default, by default the role's."""
    servers = []

    def name_server(default=None):
        settings = tmp_path / f"settings-{len(servers)}"
        settings.mkdir()
        for file in rendered.iterdir():
            lines = file.read_text().splitlines()
            changed = [default if default and line.startswith("user default ") else line for line in lines]
            (settings / file.name).write_text("\n".join(changed) + "\n")
        # Only the owner may go through pytest's own folders, but a mount does not need to.
        settings.chmod(0o755)
        servers.append(Server(image, settings))
        return servers[-1]

    yield name_server
    for server in servers:
        server.remove()


@pytest.fixture(scope="session", params=["ubuntu22", "debian12", "newest"])
def library(request, tmp_path_factory):
    """Return the folder with a distribution's release of the Python library; an empty text for our own, the newest."""
    if request.param == "newest":
        return ""
    folder = tmp_path_factory.mktemp(request.param)
    pins = Path(__file__).parent / "libraries" / f"{request.param}.txt"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--target", folder, "-r", pins]
    subprocess.run(install, check=True)
    return str(folder)


@pytest.fixture
def run_module(library):
    """Return a function that runs a module of the role for a server, and returns its result."""

    def run(name, server, **arguments):
        given = {"container": server.name, "network": NETWORK, "username": "admin", **arguments}
        done = subprocess.run(
            [sys.executable, Path(__file__).parent / "run_module.py", name],
            input=json.dumps(given),
            env={**os.environ, "PYTHONPATH": library},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    return run
