"""A host in the network of a test host, and which ports of the test host it can reach with which packets."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager

from scenario_host import Host

SERVERS = (5432, 6379)

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
# Tries ports that have to be closed, again and again, until it is told to end. Prints how often, and which were open.
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
# Holds a connection until it is told to use it, and prints whether it still works.
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
# Opens connections and says nothing in them; prints how many were accepted.
CROWD = r"""
import json, socket, sys
source, address, port, count = json.loads(sys.argv[1])
held = []
for _ in range(count):
    client = socket.socket()
    client.bind((source, 0))
    client.settimeout(1)
    try:
        client.connect((address, port))
        held.append(client)
    except OSError:
        client.close()
print(json.dumps(len(held)))
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

    def crowds(self, source, port, count):
        """Return how many of so many connections at once are accepted."""
        return self.tell(CROWD, source, self.host_address, port, count)

    def forges(self, source, address, port):
        """Return whether the host answers a packet to one of its addresses that must not be reachable from here."""
        return self.tell(FORGE, source, self.host_address, address, port)


@contextmanager
def knocking(neighbour, source, doors):
    """Make the neighbour try ports meanwhile. In the end, the list that this yields holds those that were open."""
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
