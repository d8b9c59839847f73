"""Only whom the inventory allows reaches the servers, whatever others send, and at no moment anybody else."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import contextmanager

import pytest
from scenario_host import Host

SERVERS = (5432, 6379)
OTHERS = (*range(1, 1024), 2375, 2376, 5433, 9001)
CLOSED = {"5432": False, "6379": False}
OPEN = {"5432": True, "6379": True}

# Prints whether something answers at an address's ports, as seen from a source address.
CONNECT = r"""
import json, socket, sys
source, address, ports = json.loads(sys.argv[1])
answers = {}
for port in ports:
    with socket.socket() as client:
        client.bind((source, 0))
        client.settimeout(1)
        try:
            client.connect((address, port))
            answers[port] = True
        except OSError:
            answers[port] = False
print(json.dumps(answers))
"""
# Tries doors that have to be closed, over and over, until it is told to end; prints how often, and what opened.
KNOCK = r"""
import json, os, selectors, socket, sys
source, doors = json.loads(sys.argv[1])
tries, opened = 0, []
while os.path.exists("/tmp/knock"):
    for address, port in doors:
        with socket.socket() as client, selectors.DefaultSelector() as ready:
            client.bind((source, 0))
            client.setblocking(False)
            client.connect_ex((address, port))
            ready.register(client, selectors.EVENT_WRITE)
            tries += 1
            if ready.select(0.01) and client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                opened.append([address, port])
print(json.dumps([tries, opened]))
"""
# Holds a connection until it is told to use it, and prints what became of it.
HOLD = r"""
import socket, sys
client = socket.create_connection((sys.argv[1], 6379))
print("held", flush=True)
sys.stdin.readline()
client.settimeout(5)
client.send(b"PING\r\n")
try:
    print("goes on" if client.recv(1) else "closed")
except OSError:
    print("ended")
"""
# Sends the first packet of a connection to an address that no route leads to, and prints whether the answer comes.
FORGE = r"""
import json, random, socket, struct, sys, time
source, gateway, address, port = json.loads(sys.argv[1])
def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as finder:
    finder.sendto(b"x", (gateway, 9))
time.sleep(0.2)
mac = next(line.split()[3] for line in open("/proc/net/arp") if line.startswith(gateway + " "))
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
wire.bind(("eth0", 0))
wire.settimeout(1)
own = random.randrange(20000, 30000)
ends = socket.inet_aton(source) + socket.inet_aton(address)
tcp = struct.pack("!HHIIBBHHH", own, port, 1, 0, 0x50, 2, 1024, 0, 0)
tcp = tcp[:16] + struct.pack("!H", checksum(ends + struct.pack("!BBH", 0, 6, len(tcp)) + tcp)) + tcp[18:]
head = struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 64, 6, 0) + ends
head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
wire.send(bytes.fromhex(mac.replace(":", "")) + wire.getsockname()[4] + b"\x08\x00" + head + tcp)
answered, deadline = False, time.time() + 2
while not answered and time.time() < deadline:
    try:
        packet = wire.recv(200)[14:]
    except socket.timeout:
        continue
    start = (packet[0] & 15) * 4
    ports = struct.unpack("!HH", packet[start : start + 4])
    answered = packet[9] == 6 and ports == (port, own) and packet[start + 13] == 0x12
print(json.dumps(answered))
"""


class Neighbour(Host):
    """A host in the same network, with two addresses: one that the inventory allows and one that it does not."""

    def __init__(self, name, host_address):
        super().__init__(name)
        self.host_address = host_address
        self.allowed, length = self.out("ip -4 -o addr show dev eth0 | awk '{print $4; exit}'").split("/")
        self.other = self.allowed.rsplit(".", 2)[0] + ".200.200"
        self.run(f"ip addr replace {self.other}/{length} dev eth0")

    def tell(self, script, *given):
        """Return what a script prints."""
        return json.loads(self.out(f"python3 -c '{script}' '{json.dumps(given)}'"))

    def connects(self, source, address=None, ports=SERVERS):
        """Return {port: whether something answers there}."""
        return self.tell(CONNECT, source, address or self.host_address, ports)

    def forges(self, source, address, port):
        """Return whether a packet to an address of the host that it should not take from here is answered."""
        return self.tell(FORGE, source, self.host_address, address, port)


@pytest.fixture(scope="module")
def neighbour(link):
    return Neighbour("jarvis-network-neighbour", link["host"])


@pytest.fixture(scope="module")
def opened(link, neighbour):
    """Return the settings that open both servers to one address of the neighbour."""
    networks = [f"{neighbour.allowed}/32"]
    return {
        "postgres_bind_address": link["host"],
        "postgres_allowed_networks": networks,
        "redis_bind_address": link["host"],
        "redis_allowed_networks": networks,
    }


@pytest.fixture
def containers_of(host, neighbour):
    """Return the servers' own addresses, {port: address}, to which the neighbour now has a route."""
    form = "{{.NetworkSettings.Networks.jarvis.IPAddress}}"
    addresses = host.out(f"docker inspect --format '{form}' jarvis-postgres jarvis-redis").split()
    for address in addresses:
        neighbour.run(f"ip route replace {address}/32 via {neighbour.host_address}")
    return dict(zip(SERVERS, addresses, strict=True))


def assert_only_the_allowed_get_in(neighbour, containers_of):
    assert neighbour.connects(neighbour.allowed) == OPEN
    assert neighbour.connects(neighbour.other) == CLOSED
    for port, address in containers_of.items():
        for source in (neighbour.allowed, neighbour.other):
            assert neighbour.connects(source, address, [port]) == {str(port): False}


def without_the_chain(host):
    host.run("iptables -D DOCKER-USER -o jarvis ! -i jarvis -j JARVIS")


def test_loopback_is_closed_to_neighbours_whatever_they_send(deploy, host, neighbour, containers_of):
    networks = [f"{neighbour.allowed}/32"]
    # Networks that are allowed, too, once the servers are bound to 127.0.0.1 again.
    assert deploy(postgres_allowed_networks=networks, redis_allowed_networks=networks).code == 0
    for source in (neighbour.allowed, neighbour.other):
        assert neighbour.connects(source) == CLOSED
        for port, address in containers_of.items():
            assert not neighbour.forges(source, "127.0.0.1", port)
            assert neighbour.connects(source, address, [port]) == {str(port): False}


def test_rules_removed_by_hand_come_back(deploy, host, neighbour, containers_of):
    # What the engine alone lets pass, so that the test before has something to find.
    without_the_chain(host)
    assert neighbour.connects(neighbour.other, containers_of[5432], [5432]) == {"5432": True}
    assert neighbour.forges(neighbour.other, "127.0.0.1", 5432)
    assert host.out("/usr/local/sbin/jarvis-firewall check") == "not in force"
    run = deploy("--check")
    assert (run.code, run.count("changed")) == (0, 1)
    assert host.out("/usr/local/sbin/jarvis-firewall check") == "not in force"
    run = deploy()
    assert (run.code, run.count("changed")) == (0, 1)
    assert neighbour.connects(neighbour.other, containers_of[5432], [5432]) == {"5432": False}
    assert not neighbour.forges(neighbour.other, "127.0.0.1", 5432)
    # One more of them is as wrong as one less.
    host.run("iptables -I JARVIS -j RETURN")
    assert host.out("/usr/local/sbin/jarvis-firewall check") == "not in force"
    assert host.out("/usr/local/sbin/jarvis-firewall") == "loaded"
    assert host.out("/usr/local/sbin/jarvis-firewall") == "in force"


def test_verification_names_rules_that_are_gone(host, play):
    without_the_chain(host)
    run = play("playbooks/verify.yml")
    host.run("/usr/local/sbin/jarvis-firewall")
    assert run.code == 2
    assert "test_rules_are_in_force" in run.text


def test_allowed_address_gets_in_and_no_other_and_to_no_other_port(deploy, neighbour, host, opened, containers_of):
    assert deploy(**opened).code == 0
    assert_only_the_allowed_get_in(neighbour, containers_of)
    for source in (neighbour.allowed, neighbour.other):
        assert not any(neighbour.connects(source, ports=OTHERS).values())


def test_connection_ends_when_its_network_is_allowed_no_more(deploy, neighbour, opened):
    process = subprocess.Popen(
        ["docker", "exec", "-i", neighbour.name, "python3", "-c", HOLD, neighbour.host_address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    assert deploy(**{**opened, "redis_allowed_networks": [f"{neighbour.other}/32"]}).code == 0
    assert neighbour.connects(neighbour.other) == {"5432": False, "6379": True}
    assert process.communicate("go on\n", timeout=60)[0] == "ended\n"


def test_firewall_of_the_host_and_rules_of_others_stay_as_they_are(deploy, host, neighbour, opened, containers_of):
    host.run("DEBIAN_FRONTEND=noninteractive apt-get install -qq -y ufw >/dev/null 2>&1")
    host.run("ufw default deny incoming && ufw --force enable")
    host.run("iptables -I DOCKER-USER -s 203.0.113.9 -j DROP && iptables -A FORWARD -s 203.0.113.10 -j DROP")
    foreign = host.out("iptables -S | grep -v JARVIS")
    host.run("iptables -F JARVIS")
    assert deploy(**opened).code == 0
    assert host.out("iptables -S | grep -v JARVIS") == foreign
    assert_only_the_allowed_get_in(neighbour, containers_of)


@contextmanager
def knocking(neighbour, source, doors):
    """Have the neighbour try doors meanwhile; the list that this yields has what opened at its end."""
    found = []
    neighbour.run("touch /tmp/knock")
    process = subprocess.Popen(
        ["docker", "exec", neighbour.name, "python3", "-c", KNOCK, json.dumps([source, doors])],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield found
    finally:
        neighbour.run("rm /tmp/knock")
        told, _ = process.communicate(timeout=30)
        tries, opened = json.loads(told)
        assert tries > 100
        found.extend(opened)


@pytest.mark.parametrize(
    ("event", "witness"),
    [
        ("systemctl restart docker", "systemctl show --property=MainPID docker"),
        ("nohup sh -c 'sleep 1; systemctl reboot' >/dev/null 2>&1 &", "cut -d' ' -f22 /proc/1/stat"),
    ],
)
def test_no_door_is_open_for_a_moment_while_the_engine_or_the_host_starts(
    host, neighbour, containers_of, event, witness
):
    doors = [(neighbour.host_address, port) for port in SERVERS] + [(at, port) for port, at in containers_of.items()]
    with knocking(neighbour, neighbour.allowed, doors[:1]) as found:
        time.sleep(1)
    assert found  # an open door is noticed
    before = host.out(witness)
    with knocking(neighbour, neighbour.other, doors) as found:
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
    deploy, play, host, neighbour, opened, containers_of
):
    everywhere = {**opened, "postgres_bind_address": "0.0.0.0", "redis_bind_address": "0.0.0.0"}
    assert deploy(**everywhere).code == 0
    assert_only_the_allowed_get_in(neighbour, containers_of)
    assert play("playbooks/verify.yml").code == 0
    run = deploy(**everywhere)
    assert (run.code, run.count("changed")) == (0, 0)


def test_older_kernel_interface_does_it_as_well(deploy, host, neighbour, opened, containers_of):
    witness = "cut -d' ' -f22 /proc/1/stat"
    before = host.out(witness)
    host.run("update-alternatives --set iptables /usr/sbin/iptables-legacy")
    host.run("nohup sh -c 'sleep 1; systemctl reboot' >/dev/null 2>&1 &")
    deadline = time.monotonic() + 180
    while host.run(f"docker info >/dev/null && {witness}", check=False).stdout.strip() in ("", before):
        assert time.monotonic() < deadline
        time.sleep(1)
    assert deploy(**opened).code == 0
    assert "-A JARVIS -j DROP" in host.out("iptables-legacy -S")
    assert "JARVIS" not in host.out("iptables-nft -S 2>/dev/null")
    assert host.out("/usr/local/sbin/jarvis-firewall check") == "in force"
    assert_only_the_allowed_get_in(neighbour, containers_of)
