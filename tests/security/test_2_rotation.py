"""Passwords are replaced by new ones without a restart, and the old ones are refused."""

from __future__ import annotations

import pytest

APPLICATION = {"DATABASE_URL", "DATABASE_SOCKET_URL"}
READER = {"DATABASE_READONLY_URL", "DATABASE_READONLY_SOCKET_URL"}
REDIS = {"REDIS_URL", "REDIS_SOCKET_URL"}
ALL = APPLICATION | READER | REDIS


@pytest.fixture
def rotate(play):
    """Return a function that does what C(./jarvis rotate) does, without the verification."""

    def run_rotate(*arguments, **variables):
        return play("playbooks/rotate.yml", *arguments, **{"verify_enabled": False, **variables})

    return run_rotate


@pytest.mark.parametrize(
    ("word", "renewed"),
    [
        ("app", APPLICATION),
        ("readonly", READER),
        ("redis", REDIS),
        ("all", ALL),
    ],
)
def test_rotation_renews_what_is_named_and_nothing_else(
    rotate, host, settings, log_in, admin_log_in, secrets_of, word, renewed
):
    old, kept, before = settings(), secrets_of(), host.containers()
    run = rotate(rotate=word)
    assert run.code == 0
    new = settings()
    assert {name for name in ALL if new[name] != old[name]} == renewed
    assert host.containers() == before
    assert set(log_in(new).values()) == {"accepted"}
    assert {name for name, answer in log_in(old).items() if answer == "refused"} == renewed
    admin = "refused" if word in ("redis", "all") else "accepted"
    assert admin_log_in(kept["redis_admin_password"]) == admin
    assert admin_log_in(secrets_of()["redis_admin_password"]) == "accepted"
    assert secrets_of()["backup_password"] == kept["backup_password"]
    assert min(map(len, secrets_of().values())) >= 32


def test_deployment_after_a_rotation_changes_nothing(deploy):
    run = deploy()
    assert (run.code, run.count("changed")) == (0, 0)


def test_preview_of_a_rotation_changes_nothing(rotate, settings, secrets_of, log_in):
    before = (settings(), secrets_of())
    run = rotate("--check", "--diff")
    assert run.code == 0
    assert (settings(), secrets_of()) == before
    assert set(log_in(before[0]).values()) == {"accepted"}


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"rotate": "postgres"},
            '"postgres" stands for no password; ./jarvis rotate takes one of app, readonly, redis, all',
        ),
        (
            {"rotate": "app", "credentials_postgres_password": "given"},
            "credentials_postgres_password is given by the inventory or the environment",
        ),
    ],
)
def test_what_cannot_be_rotated_is_refused_by_name(rotate, settings, secrets_of, variables, message):
    before = (settings(), secrets_of())
    run = rotate(**variables)
    assert run.code == 2
    assert f"Nothing was changed. {message}" in run.text
    assert (settings(), secrets_of()) == before


def test_rotation_beside_a_stopped_server_is_refused(rotate, host, settings, secrets_of):
    before = (settings(), secrets_of())
    host.run("docker stop jarvis-redis")
    run = rotate()
    host.run("docker start jarvis-redis")
    assert run.code == 2
    assert (
        "Nothing was changed. jarvis-redis does not run, healthy and at 127.0.0.1:6379 as the inventory has it"
        in run.text
    )
    assert (settings(), secrets_of()) == before


def test_rotation_that_fails_half_way_says_how_to_complete_it(
    rotate, deploy, host, settings, log_in, admin_log_in, secrets_of
):
    host.run("until [ $(docker inspect --format '{{.State.Health.Status}}' jarvis-redis) = healthy ]; do sleep 1; done")
    old, before = settings(), host.containers()
    # PostgreSQL has its new passwords by then.
    folder = "/etc/jarvis/secrets/redis"
    host.run(f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder}")
    run = rotate()
    host.run(f"umount {folder}")
    assert run.code == 2
    assert "Write the users failed on" in run.text
    assert "Mend the cause, then ./jarvis deploy: it completes the rotation, and restarts nothing" in run.text
    assert deploy().code == 0
    assert host.containers() == before
    assert log_in(settings()) == dict.fromkeys(ALL, "accepted")
    assert log_in(old) == dict.fromkeys(ALL, "refused")
    assert admin_log_in(secrets_of()["redis_admin_password"]) == "accepted"


def test_rotation_that_ends_twice_before_a_server_knows_is_completed_by_the_next_deployment_without_a_restart(
    rotate, deploy, host, settings, log_in, admin_log_in, secrets_of
):
    old, before = settings(), host.containers()
    # The host has stored the new passwords already, but PostgreSQL cannot be told, and Redis has not been told.
    host.run("mount -t tmpfs tmpfs /var/lib/jarvis/postgres/run")
    for _ in ("first try", "second try"):
        assert rotate(verify_enabled=False).code == 2
    host.run("umount /var/lib/jarvis/postgres/run")
    assert log_in(settings()) == dict.fromkeys(ALL, "accepted")
    assert deploy().code == 0
    assert host.containers() == before
    assert log_in(settings()) == dict.fromkeys(ALL, "accepted")
    assert log_in(old) == dict.fromkeys(ALL, "refused")
    assert admin_log_in(secrets_of()["redis_admin_password"]) == "accepted"
