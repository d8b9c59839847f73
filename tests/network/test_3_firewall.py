"""Only allowed clients reach the servers at any moment, whatever packets others send."""

from __future__ import annotations

import re
import subprocess
import time

import pytest
from neighbour import HOLD, SERVERS, Neighbour, knocking

# All ports except the one through which administrators come.
OTHERS = (*(port for port in range(1, 1024) if port != 22), 2375, 2376, 5433, 9001)
CLOSED = {"5432": False, "6379": False}
OPEN = {"5432": True, "6379": True}


@pytest.fixture(scope="module")
def neighbour(link):
    """Return the scenario's second host."""
    return Neighbour("jarvis-network-neighbour", link["host"])


@pytest.fixture(scope="module")
def closed(neighbour):
    """Return settings that close the servers again: networks are left, but only the address 127.0.0.1."""
    networks = [f"{neighbour.allowed}/32"]
    return {"postgres_allowed_networks": networks, "redis_allowed_networks": networks}


@pytest.fixture(scope="module")
def opened(opened, closed):
    """Return the settings that open both servers to one address of the neighbour."""
    return {**opened, **closed}


@pytest.fixture
def container_addresses(host, neighbour):
    """Return a function that returns the containers' addresses, [PostgreSQL's, Redis'], and makes a route to each."""

    def routed():
        form = "{{.NetworkSettings.Networks.jarvis.IPAddress}}"
        addresses = host.out(f"docker inspect --format '{form}' jarvis-postgres jarvis-redis").split()
        for address in addresses:
            neighbour.run(f"ip route replace {address}/32 via {neighbour.host_address}")
        return addresses

    return routed


def assert_only_the_allowed_get_in(neighbour, container_addresses):
    assert neighbour.connects(neighbour.allowed) == OPEN
    assert neighbour.connects(neighbour.other) == CLOSED
    for address in container_addresses():
        for source in (neighbour.allowed, neighbour.other):
            assert neighbour.connects(source, address) == CLOSED


def without_the_chain(host):
    host.run("iptables -D DOCKER-USER -o jarvis ! -i jarvis -j JARVIS")


def test_loopback_is_closed_to_neighbours_whatever_they_send(deploy, neighbour, closed, container_addresses):
    assert deploy(**closed).code == 0
    for source in (neighbour.allowed, neighbour.other):
        assert neighbour.connects(source) == CLOSED
        for port in SERVERS:
            assert not neighbour.forges(source, "127.0.0.1", port)
        for address in container_addresses():
            assert neighbour.connects(source, address) == CLOSED


def test_rules_removed_by_hand_come_back(deploy, host, neighbour, closed, container_addresses):
    # The engine's own rules let these pass. This shows that the test before would find them.
    postgres, _ = container_addresses()
    without_the_chain(host)
    assert neighbour.connects(neighbour.other, postgres, [5432]) == {"5432": True}
    assert neighbour.forges(neighbour.other, "127.0.0.1", 5432)
    assert host.out("/usr/local/sbin/jarvis-firewall check") == "not in force"
    run = deploy("--check", "--tags", "firewall", **closed)
    assert (run.code, run.count("changed")) == (0, 1)
    assert host.out("/usr/local/sbin/jarvis-firewall check") == "not in force"
    run = deploy("--tags", "firewall", **closed)
    assert (run.code, run.count("changed")) == (0, 1)
    assert neighbour.connects(neighbour.other, postgres, [5432]) == {"5432": False}
    assert not neighbour.forges(neighbour.other, "127.0.0.1", 5432)
    # An additional rule is as wrong as a missing one.
    host.run("iptables -I JARVIS -j RETURN")
    assert host.out("/usr/local/sbin/jarvis-firewall check") == "not in force"
    assert host.out("/usr/local/sbin/jarvis-firewall") == "loaded"
    assert host.out("/usr/local/sbin/jarvis-firewall") == "in force"


def test_rules_that_the_engine_has_put_others_before_are_not_in_force_and_come_first_again(host):
    host.run("iptables -D FORWARD -j DOCKER-USER && iptables -A FORWARD -j DOCKER-USER")
    assert host.out("/usr/local/sbin/jarvis-firewall check") == "not in force"
    host.run("systemctl restart docker")
    assert host.out("/usr/local/sbin/jarvis-firewall check") == "in force"


def test_verification_names_rules_that_are_gone(host, play):
    without_the_chain(host)
    run = play("playbooks/verify.yml")
    host.run("/usr/local/sbin/jarvis-firewall")
    assert run.code == 2
    assert "1. rules are in force: found 'not in force', wanted 'in force'" in run.text
    assert re.search(f"{host.name}: 1 thing is wrong; [0-9]+ promises hold", run.text)


def test_allowed_address_gets_in_and_no_other_and_to_no_other_port(
    deploy, neighbour, host, opened, container_addresses
):
    assert deploy(**opened).code == 0
    assert_only_the_allowed_get_in(neighbour, container_addresses)
    for source in (neighbour.allowed, neighbour.other):
        assert not any(neighbour.connects(source, ports=OTHERS).values())


def test_one_address_does_not_take_every_place_of_the_server(deploy, neighbour, opened):
    assert neighbour.crowds(neighbour.allowed, 5432, 100) == 80
    # The connections of the crowd have ended and do not count any more.
    assert neighbour.connects(neighbour.allowed) == OPEN
    assert deploy("--tags", "firewall", **opened, postgres_connections_per_address=5).code == 0
    assert neighbour.crowds(neighbour.allowed, 5432, 100) == 5
    assert deploy("--tags", "firewall", **opened).code == 0


def test_connection_ends_when_its_network_is_allowed_no_more(deploy, neighbour, opened):
    process = subprocess.Popen(
        ["docker", "exec", "-i", neighbour.name, "python3", "-c", HOLD, neighbour.host_address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    assert deploy("--tags", "firewall", **{**opened, "redis_allowed_networks": [f"{neighbour.other}/32"]}).code == 0
    assert neighbour.connects(neighbour.other) == {"5432": False, "6379": True}
    assert process.communicate("go on\n", timeout=60)[0] == "ended\n"


def test_firewall_of_the_host_and_rules_of_others_stay_as_they_are(
    deploy, host, neighbour, opened, container_addresses
):
    host.run("DEBIAN_FRONTEND=noninteractive apt-get install -qq -y ufw >/dev/null 2>&1")
    host.run("ufw default deny incoming && ufw --force enable")
    host.run("iptables -I DOCKER-USER -s 203.0.113.9 -j DROP && iptables -A FORWARD -s 203.0.113.10 -j DROP")
    foreign = host.out("iptables -S | grep -v JARVIS")
    host.run("iptables -F JARVIS")
    assert deploy("--tags", "firewall", **opened).code == 0
    assert host.out("iptables -S | grep -v JARVIS") == foreign
    assert_only_the_allowed_get_in(neighbour, container_addresses)
    host.run("ufw --force disable")  # it would keep ports closed that the next tests look at


@pytest.mark.parametrize(
    ("event", "witness"),
    [
        ("systemctl restart docker", "systemctl show --property=MainPID docker"),
        ("nohup sh -c 'sleep 1; systemctl reboot' >/dev/null 2>&1 &", "cut -d' ' -f22 /proc/1/stat"),
    ],
)
def test_no_door_is_open_for_a_moment_while_the_engine_or_the_host_starts(
    host, neighbour, container_addresses, event, witness
):
    # The host's own address comes first, which is open to allowed clients. The two containers may exchange their
    # addresses.
    doors = [(at, port) for at in (neighbour.host_address, *container_addresses()) for port in SERVERS]
    with knocking(neighbour, neighbour.allowed, doors[:1]) as found:
        time.sleep(1)
    assert found  # an open port is noticed
    before = host.out(witness)
    with host.keeping_address(), knocking(neighbour, neighbour.other, doors) as found:
        host.run(event)
        deadline = time.monotonic() + 180
        while host.run(witness, check=False).stdout.strip() in ("", before) or (
            neighbour.connects(neighbour.allowed) != OPEN
        ):
            assert time.monotonic() < deadline
            time.sleep(0.5)
        time.sleep(5)
    assert found == []


def test_all_addresses_of_the_host_may_be_published_and_only_the_allowed_get_in(
    deploy, play, host, neighbour, opened, container_addresses
):
    everywhere = {**opened, "postgres_bind_address": "0.0.0.0", "redis_bind_address": "0.0.0.0"}
    assert deploy(**everywhere).code == 0
    assert_only_the_allowed_get_in(neighbour, container_addresses)
    assert play("playbooks/verify.yml").code == 0
    run = deploy(**everywhere)
    assert (run.code, run.count("changed")) == (0, 0)


def test_older_kernel_interface_does_it_as_well(deploy, host, neighbour, opened, container_addresses):
    host.run("update-alternatives --set iptables /usr/sbin/iptables-legacy")
    host.reboot()
    assert deploy("--tags", "firewall", **opened).code == 0
    assert "-A JARVIS -j DROP" in host.out("iptables-legacy -S")
    assert "JARVIS" not in host.out("iptables-nft -S 2>/dev/null")
    assert host.out("/usr/local/sbin/jarvis-firewall check") == "in force"
    # The listing holds a lock of its own. The program that loads the rules must not wait for that.
    host.run("iptables -D FORWARD -j DOCKER-USER && iptables -D INPUT -j JARVIS-LOCAL")
    assert host.out("timeout 20 /usr/local/sbin/jarvis-firewall") == "loaded"
    assert_only_the_allowed_get_in(neighbour, container_addresses)
