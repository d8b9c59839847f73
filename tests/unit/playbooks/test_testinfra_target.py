"""Verification reaches a host the way Ansible does."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def target(load):
    return load("../playbooks/filter_plugins/testinfra_target").testinfra_target


@pytest.mark.parametrize(
    ("variables", "arguments"),
    [
        ({}, ["--hosts=ssh://db1"]),
        ({"ansible_connection": "local"}, ["--hosts=local://"]),
        ({"ansible_connection": "community.docker.docker"}, ["--hosts=docker://db1"]),
        ({"ansible_host": "10.0.0.5", "ansible_user": "admin"}, ["--hosts=ssh://admin@10.0.0.5"]),
        (
            {
                "ansible_connection": "ssh",
                "ansible_port": 2222,
                "ansible_ssh_private_key_file": "/keys/id",
                "ansible_ssh_common_args": "-o ProxyJump=gate",
            },
            ["--hosts=ssh://db1:2222", "--ssh-identity-file=/keys/id", "--ssh-extra-args=-o ProxyJump=gate"],
        ),
    ],
)
def test_host_is_reached_as_ansible_reaches_it(target, variables, arguments):
    assert target(variables, "db1") == arguments


def test_unknown_connection_is_named(target):
    with pytest.raises(ValueError, match="db1 has ansible_connection=winrm"):
        target({"ansible_connection": "winrm"}, "db1")
