"""The setup of before: docker compose and drizzle-kit push, the anchor of a run with nothing to do."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.hosts import ROOT, Host, docker
from bench.process import run, seconds_of

FOLDER = "/root/old"
UP = f"cd {FOLDER} && docker compose up --detach --wait"
PUSH = f"cd {FOLDER}/drizzle && node_modules/.bin/drizzle-kit push </dev/null"
ENVIRONMENT = "export BENCH_HOST=127.0.0.1 BENCH_USER=jarvis BENCH_PASSWORD=by-hand BENCH_DATABASE=jarvis NO_COLOR=1"
NOTHING = "No changes detected"


def drizzle(cache: Path) -> Path:
    """Return a folder with drizzle-kit, installed by npm when it is asked for the first time."""
    folder = cache / "bench-drizzle"
    shutil.copytree(ROOT / "bench/drizzle", folder, dirs_exist_ok=True)
    if not (folder / "node_modules").exists():
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("drizzle-kit, the anchor, needs npm on this machine: apt-get install npm")
        run([npm, "install", "--silent", "--no-audit", "--no-fund"], folder=folder)
    return folder


class OldSetup:
    """The old setup on a host that has an engine."""

    def __init__(self, host: Host, cache: Path) -> None:
        """Install it, start both servers and make the tables."""
        self.host = host
        host.out("docker rm --force postgres redis")
        install = "apt-get install -qq --no-install-recommends -y docker-compose nodejs"
        host.out(f"DEBIAN_FRONTEND=noninteractive {install} >/dev/null")
        host.out(f"mkdir -p {FOLDER}")
        docker("cp", str(ROOT / "bench/by_hand/docker-compose.yml"), f"{host.name}:{FOLDER}/docker-compose.yml")
        docker("cp", str(drizzle(cache)), f"{host.name}:{FOLDER}/drizzle")
        self.run()
        if NOTHING not in self.run():
            raise RuntimeError("drizzle-kit push finds something to do each time, so it is no anchor")

    def run(self) -> str:
        """Do what one did after each change of the project; return what is printed."""
        return self.host.out(f"{ENVIRONMENT}; {{ {UP} && {PUSH}; }} 2>&1")

    def seconds(self) -> float:
        """Return how long that takes with nothing to do."""
        return seconds_of(self.run)
