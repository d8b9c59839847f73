"""Test hosts of a run: systemd containers with an engine inside, which are removed at the end, whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from pathlib import Path

from bench.process import run

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache"
SUITE = "trixie"  # whose docker-compose the anchor is
PREFIX = "jarvis-bench-"
BOOT_SECONDS = 120
POLLED_EVERY = 0.2  # seconds
# Whoever comes to the sockets of applications passes it by an access list, which `docker commit` loses.
GATE, ACCESS_LIST = "/var/lib/jarvis/sockets", "system.posix_acl_access"
HEALTHY = (
    "test $(docker inspect --format '{{.State.Health.Status}}' jarvis-postgres jarvis-redis | grep -cx healthy) = 2"
)
# As molecule/shared/create.yml: what --privileged would give, without CAP_SYS_RESOURCE, which some machines lack.
OPTIONS = (
    *("--stop-signal", "SIGRTMIN+3", "--restart", "always", "--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE"),
    *("--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"),
    *("--device-cgroup-rule", "a *:* rwm", "--cgroupns", "host", "--env", "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"),
    *("--env", "container=docker", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw", "--volume", "/var/lib/docker"),
    *("--volume", f"{CACHE}/ssh_key.pub:/root/.ssh/authorized_keys:ro"),
    *("--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec"),  # noqa: S108 - of the host
)
# Connections of their own for every run, since a person's deployment rarely follows another within a minute.
SSH = {
    "ansible_user": "root",
    "ansible_ssh_private_key_file": str(CACHE / "ssh_key"),
    "ansible_ssh_args": "-o ControlMaster=auto -o ControlPersist=30s",
    "ansible_ssh_common_args": '-o ProxyCommand="docker exec -i %h /usr/sbin/sshd -i" -o StrictHostKeyChecking=no'
    " -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
}
# Small enough for twenty on one machine.
SETTINGS = {
    "images_source": "archive",
    "images_archive": str(CACHE / "images.tar"),
    "images_postgres": "jarvis-test/postgres:16",
    "images_redis": "jarvis-test/redis:7",
    "postgres_memory_mb": 512,
    "redis_memory_mb": 128,
}


def docker(*arguments: str, check: bool = True) -> str:
    """Return what the machine's engine answers."""
    done = subprocess.run(["docker", *arguments], check=False, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError(f"docker {' '.join(arguments)}: {done.stderr}{done.stdout}")
    return done.stdout.strip()


class Host:
    """A test host. Commands run as root."""

    def __init__(self, name: str) -> None:
        """Take the name of its container."""
        self.name = name

    def out(self, command: str, stdin: str | None = None, check: bool = True) -> str:
        """Return what a shell command prints."""
        done = subprocess.run(
            ["docker", "exec", "-i", self.name, "sh", "-c", command],
            input=stdin or "",
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            # Not the command, in which a password may stand.
            raise RuntimeError(f"{self.name}: {command.split(maxsplit=1)[0]}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def wait_for(self, command: str) -> None:
        """Wait until a shell command succeeds."""
        deadline = time.monotonic() + BOOT_SECONDS
        asked = ["docker", "exec", self.name, "sh", "-c", command]
        while subprocess.run(asked, check=False, capture_output=True).returncode:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name}: in vain for {BOOT_SECONDS} s: {command}")
            time.sleep(POLLED_EVERY)

    def ssh(self, command: str, stdin: Path) -> None:
        """Run a shell command over SSH, as a person with no Ansible would; its input is a file."""
        proxy = f"docker exec -i {self.name} /usr/sbin/sshd -i"
        options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR")
        words = [word for option in (*options, f"ProxyCommand={proxy}") for word in ("-o", option)]
        run(["ssh", "-i", str(CACHE / "ssh_key"), *words, f"root@{self.name}", command], stdin=stdin)

    def cpu_seconds(self) -> float:
        """Return the processor time that the host and the containers inside it have taken so far."""
        inner = self.out("docker ps --quiet --no-trunc 2>/dev/null", check=False).split()
        return sum(cpu_seconds_of(name) for name in [docker("inspect", "--format", "{{.Id}}", self.name), *inner])


def cpu_seconds_of(container: str) -> float:
    """Return the processor time of a container's control group, of either version, by the container's full id."""
    for group in control_groups(container):
        if (group / "cpuacct.usage").exists():
            return int((group / "cpuacct.usage").read_text()) / 1e9
    for group in control_groups(container):
        return int((group / "cpu.stat").read_text().split()[1]) / 1e6  # usage_usec comes first
    raise RuntimeError(f"there is no control group of the container {container}")


def memory_limits(host: Host) -> dict[Path, str]:
    """Return the limits of the containers inside a host, by the files of their control groups.

    Containers of copies have the ids of the original's, and so share its control groups on one machine. There the limit
    of one is that of all together, and the kernel would end servers.
    """
    names = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.max")
    inner = host.out("docker ps --quiet --no-trunc").split()
    groups = [group for name in inner for group in control_groups(name)]
    return {path: path.read_text() for group in groups for path in (group / name for name in names) if path.exists()}


def write_limits(limits: dict[Path, str]) -> None:
    """Set limits, twice, since one of memory alone is refused where that of memory and swap is still lower."""
    for _ in range(2):
        for path, limit in limits.items():
            with contextlib.suppress(OSError):
                path.write_text("max" if limit == "-1" and path.name == "memory.max" else limit)


def control_groups(container: str) -> list[Path]:
    """Return the folders of a container's control groups, of either version, by the container's full id."""
    patterns = (f"*/docker/{container}", f"docker/{container}", f"*/docker-{container}.scope")
    return [path for pattern in patterns for path in Path("/sys/fs/cgroup").glob(pattern)]


class Hosts:
    """All hosts of a run, and the image that copies are made of."""

    def __init__(self) -> None:
        """Remove what a killed run has left, and begin with none."""
        for line in docker("ps", "--all", "--filter", f"name=^{PREFIX}", "--format", "{{.Names}}").splitlines():
            if not Path("/proc", line.removeprefix(PREFIX).partition("-")[0]).exists():
                docker("rm", "--force", "--volumes", line)
        self.names: list[str] = []
        self.image = f"{PREFIX}copy:{os.getpid()}"

    def make(self, what: str) -> Host:
        """Make a bare host and wait until it has booted."""
        host = self._create(what, f"jarvis-test-host:{SUITE}")
        docker("start", host.name)
        host.wait_for("systemctl is-system-running --wait | grep -qE 'running|degraded'")
        return host

    def copies(self, original: Host, count: int) -> list[Host]:
        """Make copies of a host that was proven, which is off meanwhile, and wait until all are healthy.

        Each keeps the original's machine id and its name inside, by which the look knows the host that a record is of.
        With others, each would have to be deployed and proven for itself, before it has nothing to do.
        """
        docker("stop", "--time", "60", original.name)
        docker("commit", original.name, self.image)
        hosts = []
        for number in range(1, count + 1):
            host = self._create(f"copy{number}", self.image, hostname=original.name)
            run([str(ROOT / "molecule/shared/deployed/copy-engine.sh"), original.name, host.name])
            hosts.append(host)
        for host in [original, *hosts]:
            docker("start", host.name)
        for host in [original, *hosts]:
            host.wait_for(HEALTHY)
        access_list = original.out(f"python3 -c \"import os; print(os.getxattr('{GATE}', '{ACCESS_LIST}').hex())\"")
        for host in hosts:
            host.out(
                f"python3 -c \"import os; os.setxattr('{GATE}', '{ACCESS_LIST}', bytes.fromhex('{access_list}'))\""
            )
        return hosts

    def _create(self, what: str, image: str, hostname: str = "") -> Host:
        name = f"{PREFIX}{os.getpid()}-{what}"
        self.names.append(name)
        docker("create", "--name", name, "--hostname", hostname or name, *OPTIONS, image, "/sbin/init")
        return Host(name)

    def remove(self, hosts: list[Host]) -> None:
        """Remove some hosts."""
        for host in hosts:
            docker("rm", "--force", "--volumes", host.name, check=False)
            self.names.remove(host.name)

    def remove_all(self) -> None:
        """Remove all hosts, with all that they held, and the image of the copies."""
        for name in self.names:
            docker("rm", "--force", "--volumes", name, check=False)
        docker("image", "rm", self.image, check=False)


def inventory_of(hosts: list[Host], folder: Path) -> Path:
    """Write the inventory of some hosts into a folder; return its path."""
    names = {host.name: {} for host in hosts}
    path = folder / f"{len(hosts)}-{hosts[0].name}.json"
    groups = {"postgres": {"hosts": names}, "redis": {"hosts": names}}
    path.write_text(json.dumps({"all": {"children": groups, "vars": {**SSH, **SETTINGS}}}))
    return path
