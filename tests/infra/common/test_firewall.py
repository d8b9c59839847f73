"""Who is not allowed to come to the containers from beyond the host is dropped, and stays so over restarts."""

from __future__ import annotations


def test_rules_are_in_force(host):
    assert host.check_output("/usr/local/sbin/jarvis-firewall check") == "in force"


def test_engine_loads_the_rules_before_it_starts(host):
    if host.run("test -d /run/systemd/system").rc == 0:
        assert "path=/usr/local/sbin/jarvis-firewall " in host.check_output(
            "systemctl show --property=ExecStartPre docker"
        )


def test_rules_are_written_for_the_bridge_of_the_network(host):
    bridge = host.check_output(
        "docker network inspect --format '{{index .Options \"com.docker.network.bridge.name\"}}' jarvis"
    )
    assert "-o jarvis ! -i jarvis -j JARVIS" in host.file("/usr/local/sbin/jarvis-firewall").content_string
    assert bridge == "jarvis"
