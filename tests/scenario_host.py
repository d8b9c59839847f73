"""Fixtures for the tests of scenarios: the host, functions that run the shipped playbooks, and the results of a run.

A pytest plugin: a folder's conftest.py names it.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[1]
# Molecule forces colours. Their codes would stand in the middle of the sentences for which tests look.
ENVIRONMENT = {"ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"), "ANSIBLE_FORCE_COLOR": "false", "COLUMNS": "250"}

# A preview does not foresee these: only after a restart does an old engine show that it has ceased its health checks.
UNFORESEEN = {"postgres : Wait until the server is healthy", "redis : Wait until the server is healthy"}
FIRST_CTRL_C_SECONDS = 0.3
HEALTHY_SECONDS = 60
HOLDER_IMAGE = "jarvis-test-host:bookworm"  # of containers that only hold an address
REBOOT_SECONDS = 180
SECOND_CTRL_C_SECONDS = 60

# Background jobs of a shell ignore Ctrl-C, and so would the playbooks that the tests start. If this process handles
# Ctrl-C, its children do not inherit that they should ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Host:
    """The test host: a container with systemd and an engine inside. Commands run as root."""

    def __init__(self, name):
        self.name = name

    def run(self, command, check=True, stdin=""):
        """Return the finished process of a shell command; C(check) fails on a non-zero exit code."""
        done = subprocess.run(
            ["docker", "exec", "-i", self.name, "sh", "-c", command],
            input=stdin,
            capture_output=True,
            text=True,
            # The journal may contain bytes that are no text.
            errors="replace",
            check=False,
        )
        assert not check or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done

    def out(self, command):
        """Return what a shell command prints."""
        return self.run(command).stdout.strip()

    def sql(self, query, database="jarvis"):
        """Return what psql prints for a query of the superuser."""
        return self.out(
            "docker exec -e PGOPTIONS=-csearch_path= jarvis-postgres"
            f' psql -X -U postgres -d {database} -v ON_ERROR_STOP=1 -Atc "{query}"'
        )

    def redis(self, command):
        """Return what Redis answers to a command of its administrator."""
        encrypted = self.run("grep -q '^tls-port' /etc/jarvis/redis/redis.conf", check=False).returncode == 0
        return self.out(
            "REDISCLI_AUTH=$(cat /etc/jarvis/secrets/redis_admin_password) docker exec -e REDISCLI_AUTH jarvis-redis"
            f" redis-cli -e {'--tls --insecure' if encrypted else ''} --user admin {command}"
        )

    def containers(self):
        """Return {name: (id, start time)} of the two servers' containers."""
        found = self.out(
            "docker inspect --format '{{.Name}} {{.Id}} {{.State.StartedAt}}' jarvis-postgres jarvis-redis"
        )
        return {name: (identity, started) for name, identity, started in map(str.split, found.splitlines())}

    def wait_until_healthy(self, *names):
        """Wait until the engine calls the containers healthy, which takes one interval after their start."""
        states = f"docker inspect --format '{{{{.State.Health.Status}}}}' {' '.join(names)}"
        deadline = time.monotonic() + HEALTHY_SECONDS
        while set(self.out(states).split()) != {"healthy"}:
            assert time.monotonic() < deadline, self.out(states)
            time.sleep(1)

    @contextlib.contextmanager
    def keeping_address(self):
        """Let the host have the same address after a reboot, as a server has.

        The outer engine gives a starting container the lowest free address, which may be one that another host has left
        in the meantime. So containers take those addresses until then.
        """
        own = address_of(self.name)
        holders = []
        try:
            while not holders or address_of(holders[-1]) < own:
                command = ["docker", "run", "--detach", "--rm", HOLDER_IMAGE, "sleep", "infinity"]
                holders.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
            yield
        finally:
            subprocess.run(["docker", "rm", "--force", *holders], capture_output=True, check=True)

    def reboot(self):
        """Reboot the host, and wait until its engine answers again."""
        with self.keeping_address():
            self._reboot()

    def _reboot(self):
        began = "cut -d' ' -f22 /proc/1/stat"
        before = self.out(began)
        self.run("nohup sh -c 'sleep 1; systemctl reboot' >/dev/null 2>&1 &")
        deadline = time.monotonic() + REBOOT_SECONDS
        # While the host goes down, the outer engine prints a message instead of the answer.
        while not (after := self.run(f"docker info >/dev/null && {began}", check=False).stdout.strip()).isdigit() or (
            after == before
        ):
            assert time.monotonic() < deadline
            time.sleep(1)

    def changed_files(self):
        """Return the paths that differ from the host's image, except traces of any login or boot."""
        listed = subprocess.run(["docker", "diff", self.name], capture_output=True, text=True, check=True).stdout
        traces = re.compile(r"/(root|tmp|run|var/log|var/lib/systemd|var/tmp|usr/lib/python3\S*)(/|$)|/.*/__pycache__")
        files = {line[2:] for line in listed.splitlines() if not traces.match(line[2:])}
        # A folder counts only if nothing in it is listed.
        return {path for path in files if not any(other.startswith(path + "/") for other in files)}


def address_of(container):
    """Return the address that the outer engine has given a container."""
    form = "{{.NetworkSettings.IPAddress}}"
    command = ["docker", "inspect", "--format", form, container]
    return ipaddress.ip_address(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


def foreseen_and_made(preview, real, host=None):
    """Return the changing tasks of a preview and those of the real run, without tasks that no preview can foresee."""
    made = [name for name in real.changed_tasks(host) if name not in UNFORESEEN]
    # If a server starts in the second in which its file was written, nobody knows whether it has read the file.
    if "postgres : Run the server" in made:
        made = [name for name in made if name != "postgres : Reload the settings"]
    return preview.changed_tasks(host), made


class Run:
    """A finished run of a playbook."""

    def __init__(self, code, output, host):
        self.code = code
        self.output = output
        self.host = host

    @property
    def text(self):
        """The output with its line breaks folded, for sentences that the display wraps."""
        return re.sub(r"\s+", " ", self.output)

    @property
    def proven(self):
        """Whether a verification said that all tests passed. tests/infra itself checks that there are enough tests."""
        return bool(re.search(r"^ *(msg: )?'?[0-9]+ passed", self.output, re.MULTILINE))

    def count(self, what):
        """Return a figure of the test host's recap, such as C(ok) or C(changed)."""
        recap = self.output.rsplit("PLAY RECAP", 1)[1]
        return int(re.search(rf"^{self.host} .*\b{what}=(\d+)", recap, re.MULTILINE).group(1))

    def changed_tasks(self, host=None):
        """Return the names of the tasks that changed, or would change, a host, by default the test host."""
        tasks = re.split(r"^TASK \[(.*)\] \*+$", self.output, flags=re.MULTILINE)[1:]
        changed = f"changed: [{host or self.host}]"
        names = [name for name, printed in zip(tasks[::2], tasks[1::2], strict=True) if changed in printed]
        # Keys and certificates are made in several tasks. A preview has one task for all of them.
        return list(dict.fromkeys("tls" if name.startswith("tls : ") else name for name in names))


def interrupt_at(process, text, seconds_later=0):
    """Press Ctrl-C after a playbook prints a line with C(text), and again if that does not end it."""
    if not any(text in line for line in process.stdout):
        pytest.fail(f"{text!r} did not come")
    time.sleep(seconds_later)
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=FIRST_CTRL_C_SECONDS)
    except subprocess.TimeoutExpired:
        # Ansible loses a Ctrl-C that comes while it forks (3 of 80), and sometimes waits for one of its threads for
        # ever.
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SECOND_CTRL_C_SECONDS)
    # Ansible ends with these codes if all is well, if a task has failed, or if a host is not reached.
    assert process.returncode not in (0, 2, 4)


def database_hosts():
    """Return the names of the scenario's hosts with the database."""
    return list(yaml.safe_load(Path(os.environ["MOLECULE_INVENTORY_FILE"]).read_text())["postgres"]["hosts"])


def pytest_generate_tests(metafunc):
    """Run every test on each of the scenario's hosts, all of them on one host before the next.

    Tests about all hosts together run once.
    """
    if "host" in metafunc.fixturenames:
        once = metafunc.definition.get_closest_marker("all_hosts")
        metafunc.parametrize("host", database_hosts()[: 1 if once else None], indirect=True, scope="session")


@pytest.fixture(scope="session")
def inventory():
    """Return the path of the inventory that molecule made for the scenario."""
    return os.environ["MOLECULE_INVENTORY_FILE"]


@pytest.fixture(scope="session")
def host(request):
    """Return a host of the scenario that carries the database."""
    return Host(request.param)


@pytest.fixture(scope="session")
def start(inventory, host):
    """Return a function that starts a playbook, on this host of the scenario alone, and does not wait for it."""
    # A limit would also exclude this machine, which is no host of the inventory. So there is none if there is only one
    # host.
    limit = ["--limit", host.name] if len(database_hosts()) > 1 else []

    def start_playbook(playbook, *arguments, hosts=inventory, **variables):
        limited = limit if hosts == inventory else []
        return subprocess.Popen(
            ["ansible-playbook", playbook, "-i", hosts, *limited, *arguments, "-e", json.dumps(variables)],
            cwd=PROJECT,
            env={**os.environ, **ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return start_playbook


@pytest.fixture(scope="session")
def play(start, host):
    """Return a function that runs a playbook to its end."""

    def run_playbook(playbook, *arguments, **variables):
        process = start(playbook, *arguments, **variables)
        output, _ = process.communicate(timeout=900)
        print(output)
        return Run(process.returncode, output, host.name)

    return run_playbook


@pytest.fixture(scope="session")
def deploy(play):
    """Return a function that runs site.yml without the verification, which has tests of its own here."""

    def run_site(*arguments, **variables):
        return play("site.yml", *arguments, **{"verify_enabled": False, **variables})

    return run_site
