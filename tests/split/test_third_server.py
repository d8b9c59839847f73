"""A third server joins the tier with its own files and a place in the order; every loop over servers includes it."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest
import yaml
from scenario_host import ENVIRONMENT, PROJECT, Host, Run

THIRD = Path(__file__).parent / "third_server"
BEFORE = "    - name: Client settings\n"


@pytest.fixture(scope="module")
def host():
    """Return the host that carries Redis, and is going to carry the third server."""
    (name,) = yaml.safe_load(Path(os.environ["MOLECULE_INVENTORY_FILE"]).read_text())["redis"]["hosts"]
    return Host(name)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a copy of the project to which the third server was added."""
    folder = tmp_path_factory.mktemp("project")
    packed = folder / "project.tar"
    subprocess.run([PROJECT / "molecule/shared/pack-project.sh", packed], check=True)
    copy = folder / "project"
    copy.mkdir()
    subprocess.run(["tar", "--extract", "--file", packed, "--directory", copy], check=True)
    shutil.copy(THIRD / "wiring/cache.yml", copy / "playbooks/wiring/vars/main/cache.yml")
    shutil.copytree(THIRD / "role", copy / "roles/cache")
    shutil.copytree(THIRD / "infra", copy / "tests/infra/cache")
    site = copy / "playbooks/site.yml"
    tasks = textwrap.indent((THIRD / "site_tasks.yml").read_text(), "    ")
    site.write_text(site.read_text().replace(BEFORE, f"{tasks}\n{BEFORE}"))
    return copy


@pytest.fixture(scope="module")
def play(project, host, tmp_path_factory):
    """Return a function that runs a playbook of the copy on the host."""
    third = tmp_path_factory.mktemp("inventory") / "third.yml"
    third.write_text(f"cache:\n  hosts:\n    {host.name}:\n  vars: {{images_cache: 'jarvis-test/redis:7'}}\n")
    own = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}

    def run_playbook(playbook, *arguments):
        done = subprocess.run(
            ["ansible-playbook", playbook, "-i", os.environ["MOLECULE_INVENTORY_FILE"], "-i", third]
            + ["--limit", host.name, *arguments],
            cwd=project,
            env={**own, **ENVIRONMENT, "ANSIBLE_CONFIG": str(project / "ansible.cfg")},
            capture_output=True,
            text=True,
            check=False,
        )
        print(done.stdout, done.stderr)
        return Run(done.returncode, done.stdout, host.name)

    return run_playbook


def changed_files(one, other, inner=""):
    """Return the paths of files that exist in both folders, and differ."""
    compared = filecmp.dircmp(one, other)
    found = [f"{inner}{name}" for name in compared.diff_files]
    for name in compared.common_dirs:
        found += changed_files(one / name, other / name, f"{inner}{name}/")
    return sorted(found)


def test_one_existing_file_is_touched(project):
    touched = [path for path in changed_files(PROJECT, project) if not path.startswith(".")]
    print(
        f"existing files touched: {sum(path.startswith('roles/') for path in touched)} of roles, {len(touched)} in all"
    )
    assert touched == ["playbooks/site.yml"]


def test_it_is_deployed_beside_the_others_and_proven(play, host):
    before = host.out("docker inspect --format '{{.Id}} {{.State.StartedAt}}' jarvis-redis")
    run = play("site.yml")
    assert run.code == 0, run.output
    assert run.proven
    assert "Redis in jarvis-cache at 127.0.0.1:6380" in run.output
    assert host.out("docker inspect --format '{{.Id}} {{.State.StartedAt}}' jarvis-redis") == before
    assert host.run("grep -c ^CACHE_URL=redis:// /etc/jarvis/jarvis.env").stdout.strip() == "1"
    # No local user can take over its clients while it restarts.
    assert "--dport 6380" in host.out("/usr/local/sbin/jarvis-firewall check; iptables --list-rules")
    assert "jarvis-cache: Up" in play("playbooks/status.yml").output


def test_nothing_is_left_to_do(play):
    run = play("site.yml", "-e", "verify_enabled=false")
    assert (run.code, run.count("changed")) == (0, 0)
    assert "Nothing to do." in run.text
    run = play("site.yml", "-e", "verify_enabled=false", "-e", "deploy_full=true")
    assert (run.code, run.count("changed")) == (0, 0)


def test_its_tag_runs_it_alone(play):
    run = play("site.yml", "--tags", "cache")
    assert run.code == 0
    assert "cache : Run the server" in run.output
    assert "redis : Run the server" not in run.output


def test_its_port_is_checked_like_the_others(play):
    run = play("site.yml", "-e", "cache_port=6379")
    assert run.code == 2
    assert "cache_port and redis_port are both 6379. Give each a port of its own." in run.text


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("cache_prot=1", "Did you mean cache_port?"),
        ("cache_port=a", "cache_port is 'a', and has to be a whole number."),
    ],
)
def test_its_variables_are_checked_like_the_others(play, variable, told):
    run = play("site.yml", "-e", variable)
    assert run.code == 2
    assert told in run.text


def test_lost_data_is_refused_like_that_of_the_others(play, host):
    host.run("docker rm --force jarvis-cache && mv /var/lib/jarvis/cache/data /root/cache-data")
    run = play("site.yml")
    assert run.code == 2
    assert "The data of cache is lost: /var/lib/jarvis/cache/data held the data" in run.text
    host.run("mv /root/cache-data /var/lib/jarvis/cache/data")


def test_it_is_taken_down_with_the_others(play, host):
    run = play("playbooks/down.yml", "-e", "confirmed=true")
    assert run.code == 0
    assert host.out("docker ps --all --format '{{.Names}}'") == ""
    assert play("site.yml").proven
