"""Find out who answers at a published port, with the standard library alone. Verification runs this file as well."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import os
import socket
import subprocess

ENGINE_SOCKET = "/var/run/docker.sock"
ENGINE_SETTINGS = "/etc/docker/daemon.json"
ENGINE_PROCESSES = {"dockerd", "docker-proxy"}
ENGINE_CHAIN = "DOCKER"
NETWORK = BRIDGE = "jarvis"
EVERY_ADDRESS = "0.0.0.0"
ENGINE_SECONDS = 10
WAIT_SECONDS = 30  # to wait while another program has locked the packet filter
LISTEN_STATE = "0A"  # TCP_LISTEN in /proc/net/tcp, see proc(5)
ROOT = "0"
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def engine_settings():
    """Return the object in the engine's settings file, {} when there is none.

    Raises ValueError when the file holds anything but a JSON object.
    """
    try:
        with open(ENGINE_SETTINGS, encoding="utf-8") as stream:
            text = stream.read()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):  # preflight_foreign reports this
        return {}
    settings = json.loads(text) if text.strip() else {}
    if not isinstance(settings, dict):
        raise ValueError("not a JSON object")
    return settings


def engine_get(path):
    """Return the engine's JSON answer to GET C(path), None where it does not answer or does not know it."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.settimeout(ENGINE_SECONDS)
    try:
        connection.sock.connect(ENGINE_SOCKET)
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        return json.loads(body) if response.status == http.client.OK else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def published_ports():
    """Return [(container name, address, port)] of every port that a running container publishes."""
    return [
        (container["Names"][0].lstrip("/"), binding.get("IP") or EVERY_ADDRESS, binding["PublicPort"])
        for container in engine_get("/containers/json") or []
        for binding in container["Ports"]
        if "PublicPort" in binding
    ]


def listeners():
    """Return [(inode, user id, address, port)] of every listening TCP socket of the host."""
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not os.path.exists(table):
            continue
        with open(table, encoding="ascii") as stream:
            for line in stream.readlines()[1:]:
                fields = line.split()
                address, port = fields[1].split(":")
                if fields[3] == LISTEN_STATE:
                    found.append((fields[9], fields[7], unpack_address(address), int(port, 16)))
    return found


def unpack_address(packed):
    """Return the text form of an address from /proc/net/tcp: hexadecimal 32-bit words in host order."""
    words = [bytes.fromhex(packed[i : i + 8])[::-1] for i in range(0, len(packed), 8)]
    address = ipaddress.ip_address(b"".join(words))
    return str(getattr(address, "ipv4_mapped", None) or address)


def overlap(one, other):
    """Return whether listening on both addresses of the same port would collide."""
    wildcards = {EVERY_ADDRESS, "::"}
    return one == other or one in wildcards or other in wildcards


def open_files(pid):
    """Yield what a process has open. If it closes something meanwhile, the others are still yielded."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                yield os.readlink(entry.path)


def process_of(inode):
    """Return (name, process id) of the process that holds a socket, ("", "") if no such process is visible."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        if f"socket:[{inode}]" in open_files(pid):
            with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/comm", encoding="utf-8") as stream:
                return stream.read().strip(), pid
    return "", ""


def listening(address, port):
    """Return [(name, process id, whether the engine's)] of the processes that listen at an address.

    A process can give itself any name, but not the user number of root. So an engine's process has to be root's.
    """
    return [
        (*process, user == ROOT and process[0] in ENGINE_PROCESSES)
        for process, user in (
            (process_of(inode), user)
            for inode, user, at, number in listeners()
            if number == port and overlap(at, address)
        )
    ]


def port_holder(address, port, container):
    """Return who holds a port, None if it is free or C(container) holds it."""
    holders = [name for name, at, number in published_ports() if number == port and overlap(at, address)]
    others = [name for name in holders if name != container]
    if others:
        return f"the container {others[0]}"
    # A process that binds the port while the engine is away keeps it. The engine still calls the container's port
    # published.
    for name, pid, of_engine in listening(address, port):
        if not (holders and of_engine):
            return f"{name} (pid {pid})" if name else "another process"
    return None


def mappings(container):
    """Return [(address, port, the container's own address and port)] for a running container, None for any other.

    A container that starts again and again has no address in between.
    """
    found = engine_get(f"/containers/{container}/json") or {"NetworkSettings": {"Networks": {}}}
    address = found["NetworkSettings"]["Networks"].get(NETWORK, {}).get("IPAddress")
    if not address:
        return None
    return [
        (binding["HostIp"] or EVERY_ADDRESS, int(binding["HostPort"]), f"{address}:{inner.partition('/')[0]}")
        for inner, bindings in (found["HostConfig"]["PortBindings"] or {}).items()
        for binding in bindings or []
    ]


def packet_filter(table):
    """Return the rules of a table as C(iptables) lists them. Raises OSError with its message if it fails."""
    command = ["iptables", "--wait", str(WAIT_SECONDS), "--table", table, "--list-rules"]
    done = subprocess.run(command, env={"PATH": SEARCH_PATH}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout.splitlines()


def leads_to(rules, chain, target):
    """Return whether a chain hands packets on to another, directly or through chains to which it jumps."""
    if chain == target:
        return True
    jumps = {rule.rpartition(" -j ")[2] for rule in rules if rule.startswith(f"-A {chain} ")}
    return any(leads_to(rules, jump, target) for jump in jumps if f"-N {jump}" in rules)


def is_translated(nat, rules, mapping, by_proxy):
    """Return whether the engine's rules bring connections to a published address to the container.

    The tables are given as lists of rules. The engine's proxy may serve clients of this host instead.
    """
    address, port, target = mapping
    container, _, inner = target.partition(":")
    everywhere, loopback = address == EVERY_ADDRESS, address.startswith("127.")
    to_engine = [rule for rule in nat if rule.endswith(f" -j {ENGINE_CHAIN}")]
    return (
        any(
            rule.startswith(f"-A {ENGINE_CHAIN} ")
            and f" --dport {port} " in rule
            and rule.endswith(f" -j DNAT --to-destination {target}")
            and (f" -d {address}/32 " in rule or (everywhere and " -d " not in rule))
            for rule in nat
        )
        and any(rule.startswith("-A PREROUTING ") for rule in to_engine)
        and (
            by_proxy
            or any(rule.startswith("-A OUTPUT ") and "! -d 127.0.0.0/8" not in rule for rule in to_engine)
            and any(
                rule.startswith(f"-A POSTROUTING -o {BRIDGE} ") and rule.endswith(" --src-type LOCAL -j MASQUERADE")
                for rule in nat
            )
        )
        and (
            loopback
            or leads_to(rules, "FORWARD", ENGINE_CHAIN)
            and any(
                rule.startswith(f"-A {ENGINE_CHAIN} -d {container}/32 ")
                and rule.endswith(f" --dport {inner} -j ACCEPT")
                for rule in rules
            )
        )
    )


def broken_mappings(container, settings):
    """Yield the published addresses whose connections the engine's rules do not bring to the running container.

    C(settings) are the engine's. If it does not use iptables, its rules are not known here.
    """
    wanted = mappings(container)
    if not wanted or not settings.get("iptables", True) or settings.get("firewall-backend", "iptables") != "iptables":
        return
    nat, rules = packet_filter("nat"), packet_filter("filter")
    for mapping in wanted:
        by_proxy = any(name == "docker-proxy" and own for name, _, own in listening(*mapping[:2]))
        if not is_translated(nat, rules, mapping, by_proxy):
            yield f"{mapping[0]}:{mapping[1]}"


def doubts(container):
    """Yield a sentence for each reason to doubt that the container itself answers at its published addresses."""
    wanted = mappings(container)
    if wanted is None:
        yield f"{container} does not run, so that whoever answers at its address is not it. Deploy again."
    for address, port, _ in wanted or []:
        holder = port_holder(address, port, container)
        if holder:
            yield f"{address}:{port} should be {container}, and is held by {holder}. Stop it, then deploy again."
    try:
        settings = engine_settings()
    except ValueError as error:
        yield f"{ENGINE_SETTINGS} holds no valid JSON object ({error}). Mend or remove it, then deploy again."
        return
    for published in broken_mappings(container, settings):
        yield f"Connections to {published} are not brought to {container}: rules of the engine are gone. Deploy again."
