"""Containers of the images under test: started, asked, waited for, removed."""

from __future__ import annotations

import itertools
import subprocess
import time
from collections.abc import Callable

PREFIX = "jarvis-imgtest-"
PATIENCE_SECONDS = 120
# The options that the roles use for their containers. The user is added by name.
UNPRIVILEGED = ("--cap-drop=ALL", "--security-opt=no-new-privileges", "--read-only", "--tmpfs=/tmp")


def docker(*arguments: str, check: bool = True, stdin: str | None = None) -> str:
    """Run a docker command and return what it printed, on both streams."""
    result = subprocess.run(
        ["docker", *arguments], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert not check or result.returncode == 0, f"docker {' '.join(arguments)}: {result.stdout}"
    return result.stdout.strip()


def remove_all() -> None:
    """Remove what tests made, in this run or in an interrupted one."""
    for kind, listing in (("container", "ls --all"), ("volume", "ls"), ("network", "ls")):
        names = docker(kind, *listing.split(), "--quiet", "--filter", f"name={PREFIX}").split()
        if names:
            docker(kind, "rm", "--force", *(["--volumes"] if kind == "container" else []), *names)


class Container:
    """One container, with volumes of its own."""

    numbers = itertools.count(1)

    def __init__(self, image: str) -> None:
        """Name it; it is not started."""
        self.image = image
        self.name = f"{PREFIX}{next(self.numbers)}"

    def volume(self, path: str, name: str = "data") -> str:
        """Return the option that mounts a named volume of this container."""
        return f"--volume={self.name}-{name}:{path}"

    def run(self, *options: str, command: tuple[str, ...] = ()) -> Container:
        """Start it in the background."""
        docker("run", "--detach", "--network=none", "--name", self.name, *options, self.image, *command)
        return self

    def sh(self, script: str, *, user: str = "", check: bool = True) -> str:
        """Run a shell script inside."""
        return docker("exec", *(["--user", user] if user else []), self.name, "bash", "-ec", script, check=check)

    def logs(self) -> str:
        """Return what it wrote."""
        return docker("logs", self.name)

    def state(self, field: str) -> str:
        """Return a field of its state, such as Running."""
        return docker("inspect", "--format", f"{{{{.State.{field}}}}}", self.name)

    def wait_until(self, condition: Callable[[], bool], what: str) -> Container:
        """Wait until a condition is true. If it never is, the message contains the log."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"{self.name}: never {what}; its log:\n{self.logs()}"
            time.sleep(0.1)
        return self

    def wait_ready(self, command: str) -> Container:
        """Wait until the command succeeds inside; fail as soon as the container ends."""

        def ready() -> bool:
            assert self.state("Running") == "true", f"{self.name} ended; its log:\n{self.logs()}"
            probe = ["docker", "exec", self.name, *command.split()]
            return subprocess.run(probe, capture_output=True, check=False).returncode == 0

        return self.wait_until(ready, "ready")

    def wait_ended(self) -> str:
        """Wait until it has ended by itself, in failure, and return its log."""
        self.wait_until(lambda: self.state("Running") == "false", "ended")
        assert self.state("ExitCode") != "0"
        return self.logs()

    def kill(self) -> Container:
        """End it without warning."""
        docker("kill", self.name)
        return self

    def start(self) -> Container:
        """Start it again."""
        docker("start", self.name)
        return self


class Postgres(Container):
    """A PostgreSQL server."""

    def wait(self) -> Postgres:
        """Wait until clients can connect over TCP. The socket does not count: it answers during the first start."""
        self.wait_ready("pg_isready --host 127.0.0.1")
        return self

    def sql(self, statement: str, *options: str) -> str:
        """Run SQL over the socket and return unadorned rows."""
        command = ("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1")
        return docker("exec", "--interactive", "--user=postgres", self.name, *command, *options, stdin=statement)


class Redis(Container):
    """A Redis server."""

    def wait(self) -> Redis:
        """Wait until it answers."""
        self.wait_ready("redis-cli -e ping")
        return self

    def cli(self, *arguments: str) -> str:
        """Run a command of redis-cli."""
        return docker("exec", self.name, "redis-cli", "-e", *arguments)
