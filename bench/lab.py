"""What several sections measure on: hosts that are made once, when the first section asks for them."""

from __future__ import annotations

import sys
import tarfile
import time
from pathlib import Path

import yaml

from bench.hosts import CACHE, ROOT, Host, Hosts, inventory_of
from bench.process import Finished, seconds_of
from bench.words import jarvis

FIRST = ROOT / "bench/by_hand/first.sh"


def packages() -> list[str]:
    """Return the packages that a deployment installs on the hosts of a bench."""
    defaults = yaml.safe_load((ROOT / "roles/docker/defaults/main.yml").read_text())
    return ["docker.io", "docker-cli", *defaults["docker_packages"]]


class Lab:
    """The hosts of a run, and how thorough it is."""

    def __init__(self, hosts: Hosts, folder: Path, quick: bool) -> None:
        """Begin without hosts; files of the run go into a folder."""
        self.hosts = hosts
        self.folder = folder
        self.quick = quick
        self.began = time.monotonic()
        self.number = 0
        self._ours: Host | None = None
        self._by_hand: Host | None = None

    def say(self, what: str) -> None:
        """Tell a person what happens now, which takes more than a moment."""
        print(f"[{time.monotonic() - self.began:4.0f} s] {what}", file=sys.stderr, flush=True)

    def deploy_bare(self) -> Finished:
        """Deploy a new bare host, which is the one of ours from then on; return the run."""
        self.number += 1
        self.hosts.remove([self._ours] if self._ours else [])
        self._ours = self.hosts.make(f"ours{self.number}")
        self.say("a first deployment, of ours")
        return jarvis("deploy", self.inventory([self._ours]), profiled=True)

    def deploy_by_hand(self) -> float:
        """Do the same by hand on another new host, which is the anchor's from then on; return the seconds."""
        self.number += 1
        self.hosts.remove([self._by_hand] if self._by_hand else [])
        self._by_hand = host = self.hosts.make(f"hand{self.number}")
        self.say("a first deployment, by hand")
        return seconds_of(lambda: self._script(host))

    def ours(self) -> Host:
        """Return the host that was deployed and proven."""
        if self._ours is None:
            self.deploy_bare()
        return self._ours

    def by_hand(self) -> Host:
        """Return the host that was set up by hand."""
        if self._by_hand is None:
            self.deploy_by_hand()
        return self._by_hand

    def inventory(self, hosts: list[Host]) -> Path:
        """Return the path of an inventory of some hosts."""
        return inventory_of(hosts, self.folder)

    def _script(self, host: Host) -> None:
        migrations = self.folder / "migrations.tar"
        host.ssh("cat >/root/images.tar", CACHE / "images.tar")
        pack(ROOT / "sql", "migrations", migrations)
        host.ssh("tar -x -C /root", migrations)
        host.ssh(f"sh -s {' '.join(packages())}", FIRST)


def pack(folder: Path, name: str, archive: Path) -> None:
    """Put a part of a folder into an archive."""
    with tarfile.open(archive, "w") as tar:
        tar.add(folder / name, name)
