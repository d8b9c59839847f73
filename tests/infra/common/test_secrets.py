"""What holds a password is kept from everyone whom it does not concern."""

from __future__ import annotations

import pytest


@pytest.mark.usefixtures("settings")
def test_client_settings_are_for_root_and_the_group_alone(host):
    file = host.file("/etc/jarvis/jarvis.env")
    assert (file.user, file.group, oct(file.mode)) == ("root", "jarvis", "0o640")
    folder = host.file("/etc/jarvis")
    assert (folder.user, folder.group, oct(folder.mode)) == ("root", "jarvis", "0o750")


def test_generated_secrets_are_for_root_alone(host):
    folder = host.file("/etc/jarvis/secrets")
    assert (folder.user, oct(folder.mode)) == ("root", "0o700")
    modes = host.check_output("find /etc/jarvis/secrets -maxdepth 1 -type f -printf '%U %m\\n' | sort -u")
    assert modes == "0 400"


def test_settings_hold_the_addresses_of_each_server_of_the_host(settings, servers, sockets):
    expected = {variable for of in (servers, sockets) for variables in of.values() for variable in variables}
    assert set(settings) - {"NODE_EXTRA_CA_CERTS"} == expected
