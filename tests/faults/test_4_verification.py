"""The verification names what is wrong. The last test here is the last of all, since it leaves the host broken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


@pytest.fixture(scope="module", autouse=True)
def deployed(deploy):
    """Begin with a healthy host, whatever earlier tests have left."""
    assert deploy().code == 0


def test_tests_that_cannot_start_say_why(play, tmp_path, monkeypatch):
    # This imitates somebody's own ansible-core without pytest beside it.
    (tmp_path / "pytest.py").write_text("raise ImportError('No module named pytest')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    run = play("playbooks/verify.yml")
    assert run.code == 2
    assert "No module named pytest" in run.text


def test_stopped_redis_is_named(play, host):
    host.run("docker stop jarvis-redis")
    run = play("playbooks/verify.yml")
    host.run("docker start jarvis-redis")
    assert run.code == 2
    assert f"{host.name}: 1 thing is wrong; " in run.text
    assert re.search(r"1\. jarvis-redis is exited\. \([0-9]+ more promises were not looked at\)", run.text)
    assert "It was stopped, and ended cleanly. A deployment starts it again." in run.text


def test_stopped_engine_is_one_cause_and_started_by_a_deployment(play, deploy, host):
    before = host.containers()
    host.run("systemctl stop docker.socket docker")
    run = play("playbooks/verify.yml")
    # The verification finds the servers working, because the engine has left them running.
    assert deploy().code == 0
    assert host.containers() == before
    assert run.code == 2
    assert f"{host.name}: 1 thing is wrong; 0 promises hold. 1. The Docker engine does not answer" in run.text
    report = re.search(r"report: (\S+)", run.output)[1]
    assert "docker logs --tail 50 jarvis-redis" in Path(report).read_text()


def test_name_that_the_host_does_not_know_is_one_cause(play, deploy, host):
    assert deploy(client_host="db.invalid").code == 0
    run = play("playbooks/verify.yml")
    assert deploy().code == 0
    assert run.code == 2
    assert f"{host.name}: 1 thing is wrong; " in run.text
    assert "1. The host itself does not know the name db.invalid, which clients are given in jarvis.env." in run.text


def test_wrong_passwords_in_the_client_settings_are_told_once_a_server(play, deploy, host):
    host.run("sed -i 's,//jarvis:[^@]*@,//jarvis:wrong@,' /etc/jarvis/jarvis.env")
    run = play("playbooks/verify.yml")
    assert deploy().code == 0
    assert run.code == 2
    assert f"{host.name}: 5 things are wrong; " in run.text
    assert re.search(r'password authentication failed for user "jarvis" \([0-9]+ promises fail over it\)', run.text)
    assert re.search(r"WRONGPASS invalid username-password pair or user is disabled\. \([0-9]+ promises fail", run.text)


def test_shell_that_prints_disturbs_nothing(play, host):
    host.run("sed -i '1i echo welcome to this host; echo 0; echo beware >&2' /root/.bashrc")
    run = play("playbooks/verify.yml")
    host.run("sed -i 1d /root/.bashrc")
    assert run.code == 0
    assert run.proven


def test_probes_leave_no_error_in_the_servers_logs(play, host):
    since = host.out("date --iso-8601=seconds")
    assert play("playbooks/verify.yml").code == 0
    lines = host.out(f"docker logs --since {since} jarvis-postgres 2>&1; docker logs --since {since} jarvis-redis 2>&1")
    found = [line for line in lines.splitlines() if re.search("ERROR|FATAL|PANIC|WARNING|#", line)]
    # The verification tries to log in as superuser over the network, and by the socket. The server logs that.
    refusals = ["pg_hba.conf rejects connection for host", 'Peer authentication failed for user "postgres"']
    assert len(found) == len(refusals)
    assert all(any(refusal in line for line in found) for refusal in refusals)


def test_column_turned_to_text_is_named(play, host):
    host.sql("ALTER TABLE public.memory_facts ALTER COLUMN body TYPE text")
    run = play("playbooks/verify.yml")
    host.sql("ALTER TABLE public.memory_facts ALTER COLUMN body TYPE jsonb USING body::jsonb")
    assert run.code == 2
    assert "memory_facts.body is not jsonb" in run.text


def test_dropped_table_is_named_by_all_who_should_see_it(play, deploy, host):
    host.sql("DROP TABLE public.memory_facts CASCADE")
    run = play("playbooks/verify.yml")
    assert run.code == 2
    assert f"{host.name}: 1 thing is wrong; " in run.text
    assert "1. table memory_facts is missing, and what was in it." in run.text
    for other in (play("playbooks/schema.yml"), deploy()):
        assert other.code == 2
        assert f"{host.name}: the database jarvis is not what its migrations make: - " in other.text
        assert "- table public.memory_facts is missing" in other.text
        assert 'docs/operations.md, "A table is lost"' in other.text


def test_data_outside_of_its_folder_is_named(play, host):
    host.run("docker rm -f jarvis-postgres")
    image = host.out("docker image ls --format '{{.Repository}}:{{.Tag}}' | grep postgres | head -n 1")
    host.run(
        "docker run -d --name jarvis-postgres -e POSTGRES_PASSWORD=x"
        " -v /var/lib/jarvis/postgres/run:/var/run/postgresql"
        f" -v /etc/jarvis/postgres:/etc/postgresql {image} postgres -c config_file=/etc/postgresql/postgresql.conf"
    )
    run = play("playbooks/verify.yml")
    assert run.code == 2
    assert "data is a folder of the host that no engine removes: found ('volume', " in run.text
    assert "wanted ('bind', '/va" in run.text  # pytest shortens the rest; the report has it
