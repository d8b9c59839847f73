"""A host that an earlier release deployed loses nothing: its data moves from the volumes to the folders."""

from __future__ import annotations

import os
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest
from scenario_host import ENVIRONMENT, interrupt_at

# The last release that had its data in named volumes, and whose Redis lost transactions at a restart. It was packed by
# git archive d27b2ab ansible.cfg site.yml playbooks roles sql requirements.txt tests/plugins | xz -9e
EARLIER = Path(__file__).parent / "earlier-release.tar.xz"

WRITE_TO_REDIS = """
import os, redis
client = redis.Redis.from_url(os.environ["REDIS_URL"])
for number in range(1000):
    client.set(f"plain-{number}", number)
with client.pipeline(transaction=True) as transaction:
    for number in range(100):
        transaction.set(f"transaction-{number}", number)
    transaction.execute()
client.eval("redis.call('set', 'script-1', 1) redis.call('set', 'script-2', 2)", 0)
client.xadd("stream", {"job": "1"})
"""


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """Return the folder of the earlier release."""
    folder = tmp_path_factory.mktemp("earlier")
    shutil.unpack_archive(EARLIER, folder)
    return folder


def as_client(host, program):
    """Run a Python program on the host with the client settings in its environment."""
    host.run("set -a; . /etc/jarvis/jarvis.env; python3 -", stdin=textwrap.dedent(program))


def keys(host):
    return sorted(host.redis("--scan").splitlines())


def test_earlier_release_keeps_1001_rows_and_1103_keys_in_volumes(earlier, inventory, host):
    done = subprocess.run(
        ["ansible-playbook", "site.yml", "-i", inventory, "-e", "verify_enabled=false"],
        cwd=earlier,
        # The earlier release runs with its own modules, which are packed separately from this release's.
        env={
            **os.environ,
            **ENVIRONMENT,
            "ANSIBLE_CONFIG": str(earlier / "ansible.cfg"),
            "ANSIBLE_ROLES_PATH": str(earlier / "roles"),
            "ANSIBLE_CALLBACK_PLUGINS": str(earlier / "tests/plugins/callback"),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    host.sql(
        "INSERT INTO public.agent_state (key, value) SELECT 'k' || n, to_jsonb(n) FROM generate_series(1, 1001) AS n"
    )
    as_client(host, WRITE_TO_REDIS)
    volumes = host.out("docker inspect --format '{{range .Mounts}}{{.Name}} {{end}}' jarvis-postgres")
    assert sorted(volumes.split()) == ["jarvis_postgres_data", "jarvis_postgres_run"]
    assert len(keys(host)) == 1103


def test_preview_tells_of_the_move_and_moves_nothing(deploy, host):
    before = host.containers()
    run = deploy("--check", "--diff")
    assert run.code == 0
    for name in ("postgres", "redis"):
        assert (
            f"would have moved the data of {name} from the volume jarvis_{name}_data to /var/lib/jarvis/{name}/data"
            in run.text
        )
    assert host.containers() == before
    assert host.run("ls /var/lib/jarvis", check=False).returncode != 0


@pytest.mark.parametrize("later", [0, 1])
def test_move_may_be_interrupted(start, later):
    interrupt_at(start("site.yml", verify_enabled=False), "TASK [data : Bring the data", seconds_later=later)


def test_deployment_moves_every_row_and_every_key(deploy, host):
    assert deploy().code == 0
    assert host.sql("SELECT count(*) FROM public.agent_state") == "1001"
    assert len(keys(host)) == 1103
    assert host.redis("get transaction-99") == "99"
    for name in ("postgres", "redis"):
        assert host.out(f"docker volume inspect --format '{{{{.Name}}}}' jarvis_{name}_data") == f"jarvis_{name}_data"
        assert host.out(f"ls /var/lib/docker/volumes/jarvis_{name}_data/_data") == "moved-to-var-lib-jarvis"


def test_transactions_and_scripts_survive_a_restart_from_now_on(host):
    host.run("docker restart jarvis-redis")
    host.run(
        "until docker exec jarvis-redis redis-cli -e --user health --pass none ping 2>/dev/null; do sleep 0.2; done"
    )
    assert len(keys(host)) == 1103
    assert host.redis("get script-2") == "2"


def test_second_run_changes_nothing(deploy):
    run = deploy()
    assert (run.code, run.count("changed")) == (0, 0)


def test_earlier_release_does_not_begin_an_empty_database_in_the_old_volume(host):
    image = host.out("docker inspect --format '{{.Image}}' jarvis-postgres")
    done = host.run(
        f"docker run --rm -e POSTGRES_PASSWORD=x -v jarvis_postgres_data:/var/lib/postgresql/data {image}", check=False
    )
    assert done.returncode != 0
    assert "is not empty" in done.stdout + done.stderr


def test_engine_that_removes_all_its_volumes_and_containers_removes_no_row(deploy, host):
    host.run("docker rm -f jarvis-postgres jarvis-redis")
    host.run("docker volume rm jarvis_postgres_data jarvis_postgres_run jarvis_redis_data")
    host.run("docker system prune --all --force --volumes")
    assert deploy().code == 0
    assert host.sql("SELECT count(*) FROM public.agent_state") == "1001"
    assert len(keys(host)) == 1103
