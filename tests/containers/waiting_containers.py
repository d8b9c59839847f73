"""Containers that the engine and the tests start, and the module's answers about them."""

from __future__ import annotations

import itertools
import subprocess
import time
from pathlib import Path

PREFIX = "jarvis-waittest-"
HEALTHY = "--health-cmd=true"
NEVER_HEALTHY = "--health-cmd=echo not yet; false"


def docker(*arguments, check=True, stdin=""):
    """Return what a docker command printed, on both streams."""
    done = subprocess.run(
        ["docker", *arguments],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert not check or done.returncode == 0, f"docker {' '.join(arguments)}: {done.stdout}"
    return done.stdout.strip()


def remove_all():
    """Remove what these tests made, in this run or in an interrupted one."""
    for kind, listing in (("container", "ls --all"), ("volume", "ls"), ("network", "ls")):
        names = docker(kind, *listing.split(), "--quiet", "--filter", f"name={PREFIX}").split()
        if names:
            docker(kind, "rm", "--force", *names)


class Container:
    """A container with its own volume. The engine restarts it as it restarts a server's."""

    numbers = itertools.count(1)

    def __init__(self, image):
        """Name it after its server, as the tier's are; it is not started."""
        self.image = image
        self.name = f"{PREFIX}{next(self.numbers)}-{'postgres' if 'postgres' in image else 'redis'}"
        self.volume = f"{self.name}-data"

    def create(self, *options, command=(), health=NEVER_HEALTHY, restart="unless-stopped", check=True):
        """Make it, and return what the engine said."""
        options = ("--health-interval=200ms", health, f"--restart={restart}", *options)
        return docker("create", f"--name={self.name}", *options, self.image, *command, check=check)

    def run(self, *options, command=(), health=NEVER_HEALTHY, restart="unless-stopped"):
        """Start it in the background."""
        self.create("--network=none", *options, command=command, health=health, restart=restart)
        docker("start", self.name)
        return self

    def wait_for_restarts(self, number):
        """Wait until the engine has restarted it so many times."""
        deadline = time.monotonic() + 60
        while int(docker("inspect", "--format={{.RestartCount}}", self.name)) < number:
            assert time.monotonic() < deadline, self.name
            time.sleep(0.1)

    def data(self):
        """Return the folder of its volume on this host."""
        return Path(docker("volume", "inspect", "--format={{.Mountpoint}}", self.volume))


class Waited:
    """What the module answered."""

    def __init__(self, answer):
        self.answer = answer
        self.failed = answer.get("failed", False)
        self.msg = answer.get("msg", "")

    def says(self, *sentences):
        """Fail unless the module failed, with all these sentences and in no more lines than a person reads."""
        assert self.failed
        for sentence in sentences:
            assert sentence in self.msg, self.msg
        assert len(self.msg.splitlines()) <= 25
        return True
