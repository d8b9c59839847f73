"""A run that ends anywhere is completed by the next one."""

from __future__ import annotations

import re

import pytest
from scenario_host import interrupt_at

DEADLY_DPKG_DEB = """#!/bin/sh
if [ "$1" = --fsys-tarfile ]; then
    mv /usr/bin/dpkg-deb.kept /usr/bin/dpkg-deb
    pkill -KILL -x 'apt-get|dpkg'
fi
exec /usr/bin/dpkg-deb.kept "$@"
"""


def test_packages_half_installed(deploy, host):
    # dpkg runs this program in the middle of an installation to get a package's files, and is killed by it.
    host.run("mv /usr/bin/dpkg-deb /usr/bin/dpkg-deb.kept")
    host.run("cat > /usr/bin/dpkg-deb && chmod 755 /usr/bin/dpkg-deb", stdin=DEADLY_DPKG_DEB)
    run = deploy()
    assert run.code == 2
    assert host.out("dpkg --audit") != ""
    assert "TASK [docker : Install what is missing]" in run.text
    assert "docker : Create the network" not in run.text


@pytest.mark.parametrize(
    "task",
    [
        "images : ",
        "data : Bring the data",
        "postgres : Write the settings",
        "postgres : Run the server",
        "postgres : Create the roles",
        "schema : Apply the schema",
        "redis : Write the users",
        "redis : Run the server",
    ],
)
def test_controller_is_killed_during(start, task):
    process = start("site.yml", verify_enabled=False)
    interrupt_at(process, f"TASK [{task}", seconds_later=1)


def test_changed_settings_that_were_not_reloaded_yet(start, deploy, host):
    process = start("site.yml", verify_enabled=False, postgres_settings={"log_min_duration_statement": "7s"})
    interrupt_at(process, "TASK [postgres : Run the server")
    assert "log_min_duration_statement = '7s'" in host.out("cat /etc/jarvis/postgres/postgresql.conf")
    assert host.sql("SHOW log_min_duration_statement") == "1s"
    # This deployment also completes what all earlier interrupted runs have left.
    assert deploy(postgres_settings={"log_min_duration_statement": "7s"}).code == 0
    assert host.sql("SHOW log_min_duration_statement") == "7s"


def test_completed_deployment_passes_verification_over_one_connection(play, host):
    logins = "journalctl --no-pager --quiet _COMM=sshd | grep -c 'Accepted publickey'"
    before = int(host.out(logins))
    run = play("playbooks/verify.yml")
    assert run.code == 0
    assert re.search(r"[0-9]+ passed", run.text)
    # Ansible's own connection does not count, which may be open already.
    assert int(host.out(logins)) - before <= 1
