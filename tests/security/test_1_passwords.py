"""Passwords of any kind work through the addresses that clients are given, or are refused before a change."""

from __future__ import annotations

import pytest
from secret_forms import forms

ALL = ("DATABASE_URL", "DATABASE_READONLY_URL", "REDIS_URL")
ALL_ACCEPTED = dict.fromkeys([*ALL, *(name.replace("_URL", "_SOCKET_URL") for name in ALL)], "accepted")
QUOTES = 'it\'s "quoted" `twice` $HOME \\ back'
PERCENT = "100%s %d%%41 {{ x }} #?&=+"
ADDRESS = "user:pass@host:1/db?x=[y]"
FOREIGN = "naïve パスワード ß ½"
LONG = "x" * 4096


def test_settings_of_the_first_deployment_work(deploy, settings, log_in):
    # The settings are those of the first one; this one makes the containers, which a copy of a deployed host lacks.
    assert deploy().code == 0
    assert log_in(settings()) == ALL_ACCEPTED


@pytest.mark.parametrize(
    ("application", "reader", "redis", "admin"),
    [(QUOTES, PERCENT, ADDRESS, FOREIGN), (FOREIGN + LONG, ADDRESS, PERCENT + LONG, QUOTES)],
)
def test_password_of_any_characters_works_and_replaces_the_one_before(
    deploy, host, settings, log_in, admin_log_in, monkeypatch, application, reader, redis, admin
):
    old, before = settings(), host.containers()
    # The environment passes passwords on unchanged. In an inventory, {{ }} would be a template.
    given = {"POSTGRES": application, "READONLY": reader, "REDIS": redis, "REDIS_ADMIN": admin}
    for name, password in given.items():
        monkeypatch.setenv(f"JARVIS_{name}_PASSWORD", password)
    run = deploy("--diff", "-vvv")
    assert run.code == 0
    assert host.containers() == before
    assert log_in(settings()) == ALL_ACCEPTED
    assert set(log_in(old).values()) == {"refused"}
    assert admin_log_in(admin) == "accepted"
    for form in forms(given.values()):
        assert form not in run.output
    run = deploy()
    assert (run.code, run.count("changed")) == (0, 0)


def test_password_stays_in_force_when_it_is_given_no_more(deploy, settings, log_in):
    before = settings()
    run = deploy()
    assert (run.code, run.count("changed")) == (0, 0)
    assert settings() == before
    assert log_in(before) == ALL_ACCEPTED


def test_unusable_passwords_are_refused_by_name_and_nothing_is_changed(deploy, host, settings, log_in):
    before = (host.containers(), settings())
    run = deploy(
        "-vvv",
        credentials_postgres_password="first line\nsecond line",
        credentials_readonly_password="",
        credentials_redis_password=" \t ",
        credentials_redis_admin_password="trailing blank ",
        credentials_backup_password="robot 🤖",
    )
    assert run.code == 2
    assert "Nothing was changed" in run.text
    for problem in (
        "credentials_postgres_password holds a line break or another control character.",
        "credentials_readonly_password is empty or only white space.",
        "credentials_redis_password is empty or only white space.",
        "credentials_redis_admin_password begins or ends with white space",
        "credentials_backup_password holds an emoji or another character that programs compare differently",
    ):
        assert problem in run.text
    assert "second line" not in run.output
    assert "trailing blank" not in run.output
    assert "robot" not in run.output
    assert (host.containers(), settings()) == before
    assert log_in(before[1]) == ALL_ACCEPTED


def test_data_that_came_from_elsewhere_with_other_passwords_gets_working_settings(deploy, host, settings, log_in):
    host.sql("INSERT INTO public.agent_state (key, value) VALUES ('elsewhere', '{}')")
    host.sql("ALTER ROLE jarvis PASSWORD 'from elsewhere'; ALTER ROLE jarvis_readonly NOLOGIN PASSWORD NULL")
    host.redis("SET elsewhere kept")
    host.run("docker rm -f jarvis-postgres jarvis-redis && rm -r /etc/jarvis")
    assert deploy().code == 0
    assert log_in(settings()) == ALL_ACCEPTED
    assert host.sql("SELECT count(*) FROM public.agent_state WHERE key = 'elsewhere'") == "1"
    assert host.redis("GET elsewhere") == "kept"
