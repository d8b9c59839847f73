"""The verification names what is wrong. The last test leaves the host broken; it is the last of all."""

from __future__ import annotations


def test_tests_that_cannot_start_say_why(play, tmp_path, monkeypatch):
    # What an ansible-core of one's own sees that has no pytest beside it.
    (tmp_path / "pytest.py").write_text("import sys; sys.exit('No module named pytest')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    run = play("playbooks/verify.yml")
    assert run.code == 2
    assert "No module named pytest" in run.text


def test_stopped_redis_is_named(play, host):
    host.run("docker stop jarvis-redis")
    run = play("playbooks/verify.yml")
    host.run("docker start jarvis-redis")
    assert run.code == 2
    assert "jarvis-redis is exited" in run.text


def test_column_turned_to_text_is_named(play, host):
    host.sql("ALTER TABLE public.memory_facts ALTER COLUMN body TYPE text")
    run = play("playbooks/verify.yml")
    host.sql("ALTER TABLE public.memory_facts ALTER COLUMN body TYPE jsonb USING body::jsonb")
    assert run.code == 2
    assert "memory_facts.body is not jsonb" in run.text


def test_dropped_table_is_named(play, host):
    host.sql("DROP TABLE public.memory_facts CASCADE")
    run = play("playbooks/verify.yml")
    assert run.code == 2
    assert "table memory_facts is missing" in run.text


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
    assert (
        "FAILED tests/infra/postgres/test_container.py::test_data_is_a_folder_of_the_host_that_no_engine_removes"
        in run.text
    )
    assert "/var/lib/jarvis/postgres/data" in run.text
