"""A mistake in the inventory stops all hosts. A problem of one host stops that host alone, unless told otherwise."""

from __future__ import annotations

import re

import pytest
import yaml
from scenario_host import database_hosts


@pytest.fixture
def preview(play, host, tmp_path):
    """Return a function that previews a deployment of all hosts, with the given variables on this one."""

    def run(own, **variables):
        (tmp_path / "own.yml").write_text(yaml.safe_dump({"all": {"hosts": {host.name: own}}}))
        return play("site.yml", "--check", "-i", str(tmp_path / "own.yml"), "--limit", "postgres:redis", **variables)

    return run


def recap(run, name):
    """Return the line of a host in the recap."""
    return next(line for line in run.output.rsplit("PLAY RECAP", 1)[1].splitlines() if line.startswith(name))


@pytest.fixture
def other(host):
    """Return the name of the other host."""
    (name,) = {*database_hosts()} - {host.name}
    return name


def test_host_that_cannot_serve_stops_itself_alone(preview, host, other):
    run = preview({"preflight_min_memory_mb": 99000000})
    assert run.code == 2
    assert "preflight_min_memory_mb asks for 99000000" in run.text
    assert "failed=1" in recap(run, host.name)
    assert "failed=0" in recap(run, other)
    assert f"TASK [client : Write the client settings] {'*' * 4}" in run.output


def test_all_hosts_stop_where_all_or_nothing_is_wanted(preview, other):
    run = preview({"preflight_min_memory_mb": 99000000}, deploy_all_or_nothing=True)
    assert run.code == 2
    assert f"Nothing was changed: deploy_all_or_nothing is true, and {run.host} cannot be deployed to" in run.text
    assert "TASK [client : Write the client settings]" not in run.output
    assert "failed=1" in recap(run, other)


@pytest.mark.all_hosts
def test_host_with_nothing_to_do_is_none_that_cannot_be_deployed_to(play, preview, host, other):
    assert play("site.yml").code == 0
    run = preview({}, deploy_all_or_nothing=True)
    assert run.code == 0
    assert "Nothing to do." in run.text
    assert f"{host.name} : unchanged" in re.sub(" +", " ", run.output)
    assert f"TASK [client : Write the client settings] {'*' * 4}" in run.output
    assert "failed=0" in recap(run, other)


def test_what_is_wrong_with_the_inventory_stops_all(preview, other):
    run = preview({"postgres_prot": 5433})
    assert run.code == 2
    assert "postgres_prot is no variable of this project. Did you mean postgres_port?" in run.text
    assert "TASK [preflight : Check the host]" not in run.output
    assert "changed=0" in recap(run, other)


def test_host_that_is_not_reached_keeps_no_other_from_its_deployment(preview, host, other):
    run = preview({"ansible_port": 1, "ansible_ssh_common_args": "-o ConnectTimeout=2"})
    assert run.code == 4
    assert "unreachable=1" in recap(run, host.name)
    assert "failed=0" in recap(run, other)
