"""A bare host: a preview tells the truth, bad input is refused, and both leave it as it was."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def untouched(host):
    """Every test here leaves the host as it was."""
    before = host.changed_files()
    yield
    assert host.changed_files() == before


def test_preview_succeeds_and_says_what_would_be_done(deploy):
    run = deploy("--check", "--diff")
    assert run.code == 0
    assert "Would install: iptables, python3-requests, python3-psycopg2, python3-redis, docker.io" in run.text
    assert '"live-restore": true' in run.text
    assert "Would then run: jarvis-postgres, jarvis-redis" in run.text
    assert "a real run applies all files" in run.text


def test_status_says_that_nothing_is_there(play):
    run = play("playbooks/status.yml")
    assert run.code == 0
    assert "no Docker is here; ./jarvis deploy installs it" in run.text


def test_every_problem_of_the_inventory_is_reported_at_once_with_its_remedy(deploy):
    run = deploy(
        postgres_database="my-database",
        credentials_postgres_password="  ",
        credentials_redis_password="",
        redis_bind_address="0.0.0.0",
        tls_enabled=False,
        postgres_allowed_networks=["10.0.0.5/24"],
        redis_application_permissions=["nopass"],
    )
    assert run.code == 2
    assert f"Nothing was changed. This has to be mended first, for {run.host}:" in run.text
    assert "postgres_database is 'my-database', which is no plain SQL identifier" in run.text
    assert "credentials_postgres_password is empty or only white space" in run.text
    assert "credentials_redis_password is empty or only white space" in run.text
    assert "postgres_allowed_networks holds '10.0.0.5/24'" in run.text
    assert "such as 10.0.0.0/24" in run.text
    assert "redis_bind_address is '0.0.0.0', which others can reach, and tls_enabled is false." in run.text
    assert "redis_bind_address is '0.0.0.0', but redis_allowed_networks is empty" in run.text
    assert "redis_application_permissions holds 'nopass', which gives or takes no command of Redis." in run.text


def test_every_problem_of_the_host_is_reported_at_once_with_its_remedy(deploy, host):
    host.run("nohup python3 -m http.server --bind 127.0.0.1 5432 >/dev/null 2>&1 &")
    host.run("until ss -Hltn sport = :5432 | grep -q .; do sleep 0.1; done")
    try:
        run = deploy(
            preflight_supported_distributions={"Debian": ["11"]},
            preflight_supported_architectures=["riscv64"],
            preflight_min_memory_mb=99000000,
            preflight_min_disk_mb=99000000,
        )
    finally:
        host.run("pkill -f http.server", check=False)
    assert run.code == 2
    assert "Nothing was changed" in run.text
    assert "The system is Debian 12" in run.text
    assert "supported are Debian 11. Use a host with one of these." in run.text
    assert "The architecture is x86_64; supported are riscv64." in run.text
    assert "MiB of memory, and preflight_min_memory_mb asks for 99000000" in run.text
    assert "/var/lib/docker has" in run.text
    assert "MiB free, and preflight_min_disk_mb asks for 99000000" in run.text
    assert "postgres_port is 5432, but 127.0.0.1:5432 is already in use by python3 (pid" in run.text
    assert "Stop it, or set postgres_port to a free port." in run.text


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"images_source": "docker-hub"},
            "value of images_source must be one of: registry, archive, build, auto, got: docker-hub",
        ),
        ({"postgres_port": "postgres"}, "- postgres_port is 'postgres', and has to be a whole number. "),
        ({"postgres_prot": 5433}, "- postgres_prot is no variable of this project. Did you mean postgres_port?"),
        ({"postgress_port": 5433}, "- postgress_port is no variable of this project. Did you mean postgres_port?"),
        ({"postgres_settings": "work_mem"}, "- postgres_settings is 'work_mem', and has to be a dict. "),
        ({"credentials_redis_password": ["a secret"]}, "credentials_redis_password: the value is no text"),
        ({"images_redis": "redis;rm"}, 'images_redis is "redis;rm", which is no image. Write name:tag'),
        ({"images_postgres": "postgres@sha256:0123"}, 'images_postgres is "postgres@sha256:0123", which is no image.'),
        ({"images_archive": "no-such-archive.tar"}, "no-such-archive.tar"),
    ],
)
def test_bad_value_is_refused_by_name(deploy, variables, message):
    run = deploy(**variables)
    assert run.code == 2
    assert message in run.text
    assert len(run.output.splitlines()) < 40


def test_variables_of_others_may_be_listed(deploy):
    run = deploy("--check", redis_sentinel_port=26379, preflight_foreign_variables=["redis_sentinel_port"])
    assert run.code == 0


def test_corrupt_archive_is_refused_before_it_is_copied(deploy, tmp_path):
    archive = tmp_path / "images.tar"
    archive.write_bytes(b"not an archive")
    run = deploy(images_archive=str(archive))
    assert run.code == 2
    assert str(archive) in run.text


def test_inventory_without_a_database_host_is_refused(play, tmp_path):
    empty = tmp_path / "hosts.yml"
    empty.write_text("all: {children: {postgres: {}, redis: {hosts: {nowhere: }}}}")
    run = play("site.yml", hosts=str(empty))
    assert run.code != 0
    assert 'The group "postgres" of the inventory' in run.text


def test_part_that_the_rest_builds_on_cannot_be_left_out(deploy):
    run = deploy("--skip-tags", "preflight,redis")
    assert run.code == 2
    assert (
        "Nothing was changed. --skip-tags preflight: the rest of a deployment builds on what this finds and" in run.text
    )
