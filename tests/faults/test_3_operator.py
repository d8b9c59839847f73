"""A person who runs the playbooks needs no root on their own machine, and a way to become root on the host."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from scenario_host import PROJECT

OPERATOR = "jarvis-operator"
PASSWORD = "sudo's password"
USERS = {"ops": "NOPASSWD: ALL", "guarded": "ALL", "strict": "NOPASSWD: ALL"}
# Ansible connects over TCP, because the tests' own way to the host needs rights on the engine.
CONNECTION = {
    "root": {"ansible_user": "root"},
    "sudo": {"ansible_user": "ops"},
    "sudo_with_password": {"ansible_user": "guarded", "ansible_become_password": PASSWORD},
    "sudo_with_terminal": {"ansible_user": "strict", "ansible_pipelining": False},
}


def command(*words, **options):
    return subprocess.run(words, check=True, capture_output=True, text=True, **options)


def remove_operator():
    """Remove the user, and end the processes that still keep a connection open for it."""
    subprocess.run(["pkill", "-KILL", "-u", OPERATOR], check=False, capture_output=True)
    subprocess.run(["userdel", "--force", "--remove", OPERATOR], check=False, capture_output=True)


@pytest.fixture(scope="module")
def home():
    """Return the home of a user of this machine without any right, with a copy of the project in it."""
    remove_operator()  # left behind by an interrupted run
    command("useradd", "--create-home", "--shell", "/bin/sh", OPERATOR)
    folder = Path("~jarvis-operator").expanduser()
    command("molecule/shared/pack-project.sh", str(folder / "project.tar"), cwd=PROJECT)
    (folder / "project").mkdir()
    command("tar", "--extract", "--file", str(folder / "project.tar"), "--directory", str(folder / "project"))
    shutil.copytree(sys.prefix, folder / "project/.venv", symlinks=True)
    shutil.copy(PROJECT / ".cache/ssh_key", folder / "key")
    shutil.copy(PROJECT / ".cache/images.tar", folder / "images.tar")
    command("chown", "--recursive", OPERATOR, str(folder))
    yield folder
    remove_operator()


@pytest.fixture(scope="module")
def address(host):
    """Return where the host's own SSH server answers, for root and for users with sudo."""
    host.run("systemctl start ssh")
    for user, rule in USERS.items():
        host.run(f"useradd --create-home --shell /bin/bash {user}; install -d -o {user} /home/{user}/.ssh")
        host.run(f"cp /root/.ssh/authorized_keys /home/{user}/.ssh/ && chown {user} /home/{user}/.ssh/authorized_keys")
        host.run(f"echo '{user} ALL=(ALL) {rule}' > /etc/sudoers.d/{user}")
    host.run("echo 'Defaults:strict requiretty' >> /etc/sudoers.d/strict")
    host.run("chpasswd", stdin=f"guarded:{PASSWORD}\n")
    # The sessions print a greeting, and nobody else may read the users' files.
    host.run("sed -i '1i echo welcome; umask 077' /home/ops/.bashrc")
    yield command(
        "docker", "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", host.name
    ).stdout.strip()
    # Connections are kept open for a while, and a user with one cannot be removed.
    for user in USERS:
        host.run(f"pkill -KILL -u {user}", check=False)
        host.run(f"rm /etc/sudoers.d/{user}; userdel --force -r {user}")


@pytest.fixture
def play_as_operator(home, address, host, inventory):
    """Return a function that runs a playbook as that user, over one of the ways to the host."""

    def run(way, playbook, **variables):
        given = json.loads(command("ansible-inventory", "-i", inventory, "--host", host.name).stdout)
        settings = {name: value for name, value in given.items() if name.startswith(("images_", "postgres_", "redis_"))}
        settings |= {
            "images_archive": str(home / "images.tar"),
            "ansible_host": address,
            "ansible_ssh_private_key_file": str(home / "key"),
            "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
            **CONNECTION[way],
        }
        hosts = {"hosts": {host.name: None}}
        groups = {"all": {"vars": settings, "children": {"postgres": hosts, "redis": hosts}}}
        (home / "project/hosts.yml").write_text(yaml.safe_dump(groups))
        done = subprocess.run(
            ["/usr/sbin/runuser", "--user", OPERATOR, "--", ".venv/bin/python", "-m", "ansible", "playbook"]
            + [playbook, "-i", "hosts.yml", "-e", json.dumps(variables)],
            cwd=home / "project",
            env={"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        print(done.stdout + done.stderr)
        return done.returncode, done.stdout

    return run


@pytest.mark.parametrize("way", ["sudo", "sudo_with_terminal"])
def test_user_without_any_right_here_deploys_and_proves(play_as_operator, way):
    code, output = play_as_operator(way, "site.yml", deploy_full=True)
    assert code == 0
    assert re.search(r"[0-9]+ passed", output)


@pytest.mark.parametrize("way", ["root", "sudo_with_password"])
def test_every_way_to_become_root_serves_the_proof(play_as_operator, way):
    code, output = play_as_operator(way, "playbooks/verify.yml")
    assert code == 0
    assert re.search(r"[0-9]+ passed", output)
