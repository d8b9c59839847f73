"""Servers as the role runs them."""

from __future__ import annotations

import itertools
import os

from image_containers import UNPRIVILEGED, Redis, docker

NETWORK = "jarvis-redistest"
# The line that the role wrote before default had rights.
OLD_DEFAULT = "user default off resetpass resetchannels -@all"


class Server(Redis):
    """A container as the role runs it. Its volume and its folder of settings outlive it."""

    numbers = itertools.count(1)

    def __init__(self, image, settings):
        """Name it; it is not started."""
        super().__init__(image)
        self.name = f"jarvis-redistest-{os.getpid()}-{next(self.numbers)}"
        self.data = f"{self.name}-data"
        self.settings = settings
        self.probe = ("redis-cli", "-e", "--no-auth-warning", "--user", "health", "--pass", "none")

    def create(self):
        """Run it on its volume, with the folder that the first deployment makes, and wait."""
        folder = ("install", "--directory", "--owner=redis", "--group=redis", "/data/db")
        docker("run", "--rm", "--network=none", "--volume", f"{self.data}:/data", self.image, *folder)
        docker(
            "run", "--detach", f"--network={NETWORK}", "--name", self.name, *UNPRIVILEGED, "--user=redis",
            "--volume", f"{self.data}:/data",
            "--volume", f"{self.settings}:/etc/redis:ro", "--volume", f"{self.settings}:/run/secrets/redis:ro",
            self.image, "redis-server", "/etc/redis/redis.conf",
        )  # fmt: skip
        return self.wait()

    def wait(self):
        """Wait until it answers its health check's user."""
        self.wait_ready(" ".join([*self.probe, "ping"]))
        return self

    def ask(self, *command, check=True):
        """Return what it answers to a command of its administrator."""
        cli = ("redis-cli", "-e", "--no-auth-warning", "--user", "admin", "--pass", "operations")
        return docker("exec", self.name, *cli, *command, check=check)

    def ask_all(self, questions):
        """Return the first two lines of each answer, in one text. One call for all is faster than one for each."""
        cli = "redis-cli --no-auth-warning --user admin --pass operations"
        loop = f"while read -r question; do {cli} $question </dev/null | head -n 2 | paste -sd ' '; done"
        answers = docker("exec", "--interactive", self.name, "sh", "-c", loop, stdin="\n".join([*questions, ""]))
        return [answer.strip() for answer in answers.split("\n")]

    def tell(self, lines):
        """Give it commands of the application in one connection, as lines; return its answers."""
        cli = ("redis-cli", "--no-auth-warning", "--user", "jarvis", "--pass", "application")
        return docker("exec", "--interactive", self.name, *cli, stdin=lines).splitlines()

    def remove(self):
        """Leave nothing."""
        docker("rm", "--force", "--volumes", self.name, check=False)
        docker("volume", "rm", "--force", self.data, check=False)
