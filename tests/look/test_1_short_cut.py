"""With nothing to do, a deployment ends after the look. If something else is wanted, or not proven, it runs in full."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from proven_host import NOTHING, RECORD, WANTED, recorded_facts
from scenario_host import ENVIRONMENT, PROJECT, interrupt_at


@pytest.fixture(scope="module", autouse=True)
def begin(proven):
    """Begin with a proven host. The last tests leave it without a record."""


def test_second_deployment_takes_few_tasks_and_changes_nothing(deployment, host):
    before = host.containers()
    run = deployment()
    assert run.code == 0
    assert NOTHING in run.text
    assert run.count("changed") == 0
    assert run.count("ok") <= 6
    assert host.containers() == before


@pytest.mark.parametrize("disturb", ["docker restart jarvis-postgres jarvis-redis", "systemctl restart docker", None])
def test_restart_of_servers_engine_or_host_is_no_difference(look, host, disturb):
    if disturb:
        host.run(disturb)
    else:
        host.reboot()
    host.wait_until_healthy("jarvis-postgres", "jarvis-redis")
    assert "nothing to do" in look().text


def test_what_an_application_makes_for_itself_is_no_difference(look, host):
    connect = 'set -a; . /etc/jarvis/jarvis.env; python3 -c "import os, psycopg2; '
    for statement in ("CREATE TABLE own (id serial PRIMARY KEY, note text)", "DROP TABLE own"):
        made = f"c = psycopg2.connect(os.environ['DATABASE_URL']); c.cursor().execute('{statement}'); c.commit()"
        host.run(f'{connect}{made}"')
        assert "nothing to do" in look().text


def test_preview_says_that_nothing_is_to_be_done(deployment):
    run = deployment("--check", "--diff")
    assert run.code == 0
    assert NOTHING in run.text
    assert run.count("changed") == 0


@pytest.mark.parametrize(
    ("wanted", "named"),
    [
        ({"redis_memory_mb": 130}, "variable redis_memory_mb: value is another one"),
        ({"postgres_settings": {"work_mem": "5MB"}}, "variable postgres_settings: value is another one"),
        ({"images_redis": "jarvis-test/redis:other"}, "variable images_redis: value is another one"),
        (
            {"credentials_redis_password": "a new one"},
            "variable credentials_redis_password: value is another one",
        ),
        ({"postgres_roles": [{"name": "reporting"}]}, "variable postgres_roles: value is another one"),
        ({"schema_path": "/nowhere"}, "variable schema_path: value is another one"),
    ],
)
def test_another_variable_is_named_and_no_short_cut_is_taken(look, wanted, named):
    run = look(**wanted)
    assert named in run.text
    assert "something to do" in run.text


def test_password_of_the_environment_counts(look, monkeypatch):
    monkeypatch.setenv("JARVIS_REDIS_PASSWORD", "from the environment")
    assert "variable credentials_redis_password: value is another one" in look().text


def test_record_holds_no_password(host):
    text = host.out(f"cat {RECORD}")
    for name in ("postgres_password", "readonly_password", "redis_password", "redis_admin_password"):
        assert host.out(f"cat /etc/jarvis/secrets/{name}") not in text
    assert host.out(f"stat --format '%U %a' {RECORD}") == "root 600"


def test_record_of_another_host_does_not_count(look, host):
    own = host.out("cat /etc/machine-id")
    try:
        host.run("echo 0123456789abcdef0123456789abcdef > /etc/machine-id")
        run = look()
        assert "something to do" in run.text
        assert "the record is of another host" in run.text
    finally:
        host.run("cat > /etc/machine-id", stdin=f"{own}\n")


def test_record_that_somebody_spoilt_stops_nothing(look, host):
    own = host.out(f"cat {RECORD}")
    try:
        host.run(f"cat > {RECORD}", stdin=own[: len(own) // 2])
        assert "something to do, recorded False" in look().text
        host.run(f"cat > {RECORD}", stdin=json.dumps({**json.loads(own), "wanted": 1}))
        assert "the record cannot be compared" in look().text
    finally:
        host.run(f"cat > {RECORD}", stdin=own)


def test_other_files_of_the_project_are_something_else_that_is_wanted(tmp_path_factory, host, inventory):
    """Change a file of each kind in a copy of the project, and look with the copy."""
    folder = tmp_path_factory.mktemp("project")
    subprocess.run([PROJECT / "molecule/shared/pack-project.sh", folder / "project.tar"], check=True)
    subprocess.run(["tar", "-xf", folder / "project.tar", "-C", folder], check=True)

    def differences():
        own = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        done = subprocess.run(
            ["ansible-playbook", "tests/look/look.yml", "--check", "-i", inventory, "--limit", host.name]
            + ["-e", json.dumps(WANTED)],
            cwd=folder,
            env={**own, **ENVIRONMENT, "ANSIBLE_CONFIG": str(folder / "ansible.cfg")},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    unchanged = differences()
    assert "nothing to do" in unchanged, unchanged
    changed = {
        "roles/redis/templates/etc/jarvis/redis/redis.conf.j2": "project: roles/redis",
        "roles/client/tasks/main.yml": "project: roles/client",
        "roles/tls/library/tls_inspection.py": "project: roles/tls",
        "playbooks/library/container_health.py": "project: playbooks",
        "sql/migrations/0001_tables.sql": "project: sql",
        "tests/infra/test_persistence.py": "project: tests/infra",
    }
    for path in changed:
        assert (folder / path).exists(), path
        with (folder / path).open("a") as file:
            file.write("\n")
    text = differences()
    assert [named for named in changed.values() if f"{named}: value is another one" not in text] == []


def test_full_deployment_runs_all_roles_changes_nothing_and_is_proven(deployment):
    run = deployment(deploy_full=True)
    assert (run.code, run.count("changed")) == (0, 0)
    assert run.count("ok") > 20
    assert run.proven
    assert NOTHING in deployment().text


def test_part_that_is_asked_for_runs(deployment):
    run = deployment("--tags", "redis")
    assert run.code == 0
    assert NOTHING not in run.text
    assert "redis : Run the server" in run.output


def test_what_was_left_out_is_done_by_the_next_deployment(deployment, host):
    wanted = {"redis_settings": {"maxmemory-policy": "volatile-lru"}}
    assert deployment("--skip-tags", "redis", **wanted).code == 0
    run = deployment(**wanted)
    assert run.code == 0
    assert host.redis("CONFIG GET maxmemory-policy").split()[-1] == "volatile-lru"
    assert recorded_facts(host)


def test_interrupted_deployment_leaves_no_record(start, host):
    interrupt_at(start("site.yml", **WANTED, deploy_full=True), "TASK [credentials : ")
    assert not recorded_facts(host)


def test_deployment_that_is_not_proven_leaves_no_record(deployment, host):
    assert deployment(verify_enabled=False).code == 0
    assert not recorded_facts(host)
