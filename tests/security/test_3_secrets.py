"""No secret shows where others may read it: not while a playbook runs, not after it, and not after one that failed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from secrets import token_hex

import pytest
from scenario_host import PROJECT
from secret_forms import forms

# The secrets are new in each run, so that no run finds traces of an earlier one.
OF_THIS_RUN = token_hex(4)
GIVEN = {
    "JARVIS_POSTGRES_PASSWORD": f"postgres:given/%{OF_THIS_RUN}",
    "JARVIS_READONLY_PASSWORD": f"readonly:given/%{OF_THIS_RUN}",
    "JARVIS_REDIS_PASSWORD": f"redis:given/%{OF_THIS_RUN}",
    "JARVIS_REDIS_ADMIN_PASSWORD": f"admin:given/%{OF_THIS_RUN}",
    "JARVIS_BACKUP_PASSWORD": f"backup:given/%{OF_THIS_RUN}",
}
# Prints where a secret shows in arguments or environments until it is told to end. It reads the secrets from a file of
# root's, so that it does not show them itself.
WATCH = r"""
import json, os, sys, time
needles = [needle.encode() for needle in json.load(open("/root/needles"))]
looks, ages = 0, {}
while os.path.exists("/root/needles"):
    ages = {pid: ages.get(pid, 0) + 1 for pid in os.listdir("/proc") if pid.isdigit()}
    for pid, age in ages.items():
        # What goes on is looked at now and then: it may have become another program.
        if age > 10 and age % 20:
            continue
        for kind in ("cmdline", "environ"):
            try:
                found = open(f"/proc/{pid}/{kind}", "rb").read()
            except OSError:
                continue
            if any(needle in found for needle in needles):
                print("SHOWN", kind, open(f"/proc/{pid}/comm").read(), flush=True)
    looks += 1
    time.sleep(0.02)
print("LOOKS", looks)
"""
# The places on the controller where a run could leave something behind.
CONTROLLER_FOLDERS = [Path.home() / ".ansible", Path(tempfile.gettempdir()), Path(__file__).parents[2] / ".cache"]
READABLE_BY_OTHERS = "runuser -u nobody -- grep -rlaFs -f - /etc /home /opt /root /run /tmp /usr/local /var"
LOGGED = r"""set -e
journalctl --no-pager --output=export --all
docker logs jarvis-postgres 2>&1
docker logs jarvis-redis 2>&1
docker inspect jarvis-postgres jarvis-redis
docker network inspect jarvis
docker volume ls --quiet | xargs --no-run-if-empty docker volume inspect
docker image ls --quiet | xargs docker image inspect
docker image ls --quiet | xargs -n 1 docker history --no-trunc
cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\0' '\n'
find /root -maxdepth 1 -name '.*history' -exec cat {} +
"""


@pytest.fixture
def given(monkeypatch):
    """Give every password through the environment; return them."""
    for name, password in GIVEN.items():
        monkeypatch.setenv(name, password)
    return list(GIVEN.values())


@pytest.fixture
def watch(host):
    """Return a function that watches the host's processes for secrets while another runs."""

    def watched(secrets, run):
        host.run("cat > /root/needles && chmod 400 /root/needles", stdin=json.dumps(sorted(forms(secrets))))
        watcher = subprocess.Popen(
            ["docker", "exec", "-i", host.name, "python3", "-c", WATCH], stdout=subprocess.PIPE, text=True
        )
        try:
            result = run()
        finally:
            host.run("rm -f /root/needles")
            shown, _ = watcher.communicate(timeout=60)
        assert int(shown.rsplit("LOOKS", 1)[1]) > 50
        assert "SHOWN" not in shown
        return result

    return watched


def controller_files_with(needles):
    """Return the files on the controller that hold a needle."""
    found = subprocess.run(
        ["grep", "-rlaFs", "--exclude=*.tar", "-f", "-", *CONTROLLER_FOLDERS],
        input="\n".join(needles),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return found.stdout.splitlines()


def assert_hidden(host, secrets, *outputs):
    """Fail where a secret shows in the outputs, on the host or on the controller."""
    needles = forms(secrets)
    logged = host.out(LOGGED)
    for needle in needles:
        for output in outputs:
            assert needle not in output
        assert needle not in logged
    assert host.run(READABLE_BY_OTHERS, check=False, stdin="\n".join(needles)).stdout == ""
    assert controller_files_with(needles) == []


@pytest.fixture
def log_everything(host):
    """Make the server log as much as it can."""
    settings = {
        "log_statement": "all",
        "log_min_duration_statement": "0",
        "log_min_duration_sample": "0",
        "log_transaction_sample_rate": "1",
        "debug_print_parse": "on",
    }
    for name, value in settings.items():
        host.sql(f"ALTER SYSTEM SET {name} = '{value}'")
    host.sql("SELECT pg_reload_conf()")
    yield
    for name in settings:
        host.sql(f"ALTER SYSTEM RESET {name}")
    host.sql("SELECT pg_reload_conf()")


def test_given_secrets_show_nowhere_in_a_deployment(deploy, host, watch, given):
    run = watch(given, lambda: deploy("--diff", "-vvv"))
    assert run.code == 0
    assert run.count("changed") >= 4
    assert_hidden(host, given, run.output)


def test_secrets_show_nowhere_when_a_task_with_them_fails_and_the_reason_does(
    deploy, host, watch, log_everything, given, monkeypatch
):
    another = f"another:given/%{OF_THIS_RUN}"
    monkeypatch.setenv("JARVIS_POSTGRES_PASSWORD", another)
    secrets = [*given, another]
    run = watch(secrets, lambda: deploy("--diff", "-vvv", postgres_statement_timeout_seconds=-5))
    assert run.code == 2
    assert "jarvis-postgres did not take the roles: -5000 ms is outside the valid range" in run.text
    assert "TASK [schema : Apply the schema]" not in run.text
    assert_hidden(host, secrets, run.output)
    monkeypatch.setenv("JARVIS_POSTGRES_PASSWORD", given[0])
    # The only thing that is wrong now is drift: the settings with which the server logs everything.
    run = deploy()
    assert "- server setting log_statement of ALTER SYSTEM should not be there" in run.text
    assert run.count("failed") == 1
    assert_hidden(host, secrets)


def test_secrets_show_nowhere_when_preflight_refuses_them(deploy, host, given, monkeypatch):
    broken = f"broken:given/%{OF_THIS_RUN}"
    monkeypatch.setenv("JARVIS_REDIS_PASSWORD", f"{broken}\nsecond")
    run = deploy("--diff", "-vvv")
    assert run.code == 2
    assert "credentials_redis_password holds a line break" in run.text
    assert_hidden(host, [*given, broken], run.output)


def test_secrets_show_nowhere_when_a_login_fails(host, settings, log_in):
    right = settings()
    wrong = {name: url.replace("%3Agiven", "%3Awrong") for name, url in right.items()}
    # Also try the right password at the wrong server.
    elsewhere = {"DATABASE_URL": right["DATABASE_URL"].removesuffix("/jarvis") + "/postgres"}
    assert set(log_in(wrong).values()) == {"refused"}
    assert set(log_in(elsewhere).values()) == {"refused"}
    tried = [password.replace(":given", ":wrong") for password in GIVEN.values()]
    assert_hidden(host, [*GIVEN.values(), *tried])


def test_env_of_somebody_else_is_refused_unless_the_whole_folder_is_theirs(tmp_path):
    (tmp_path / ".env").touch(mode=0o600)
    for name in ("jarvis", "site.yml"):
        shutil.copy(PROJECT / name, tmp_path)
    os.chown(tmp_path / ".env", 65534, 65534)
    refused = "jarvis: .env belongs to nobody. Make it your own: sudo chown root .env\n"
    run = [tmp_path / "jarvis", "deploy"]
    assert subprocess.run(run, capture_output=True, text=True, check=False).stderr == refused
    os.chown(tmp_path / "jarvis", 65534, 65534)
    assert refused not in subprocess.run(run, capture_output=True, text=True, check=False).stderr


def test_generated_secrets_show_nowhere_in_a_rotation(play, host, secrets_of):
    old = secrets_of()
    run = play("playbooks/rotate.yml", "--diff", "-vvv")
    assert run.code == 0
    new = secrets_of()
    assert new["postgres_password"] != old["postgres_password"]
    assert new["redis_admin_password"] != old["redis_admin_password"]
    # A file with previous passwords has several lines.
    assert_hidden(host, "\n".join([*old.values(), *new.values()]).splitlines(), run.output)


def test_hidden_secrets_are_found_where_they_show(host):
    # This tests the tests: each place is searched, and a secret that is put there is found there and nowhere else.
    others, journal, log, history, output, *left = (f"place-{number}-{OF_THIS_RUN}" for number in range(8))
    host.run(f"echo {others} > /etc/shown; logger {journal}; echo {history} > /root/.bash_history")
    host.run(f"docker exec jarvis-postgres psql -h 127.0.0.1 -U {log} -d jarvis", check=False)
    files = dict(zip((folder / "left" for folder in CONTROLLER_FOLDERS), left, strict=True))
    for file, secret in files.items():
        file.write_bytes(f"\0{secret}\n".encode())
    try:
        assert_hidden(host, [f"nowhere-{OF_THIS_RUN}"], "some output")
        for secret in (others, journal, log, history, output, *left):
            with pytest.raises(AssertionError):
                assert_hidden(host, [secret], f"a line with {output} in it")
    finally:
        host.run("rm /etc/shown /root/.bash_history")
        for file in files:
            file.unlink()


@pytest.mark.parametrize(("place", "command"), [("cmdline", "sleep 15; : {}"), ("environ", "SECRET={} sleep 15")])
def test_secret_of_a_running_process_is_seen(host, watch, place, command):
    # This tests the watch itself.
    secret = f"{place}-{OF_THIS_RUN}"
    with pytest.raises(AssertionError, match=f"SHOWN {place}"):
        watch([secret], lambda: host.run(command.format(secret)))
