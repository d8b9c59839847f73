"""It is known who answers at a published port: the container, or a process that took its place."""

from __future__ import annotations

import socket

import pytest
from ansible.module_utils import preflight_ports as ports

# The rules of Debian 12's and 13's engines for 127.0.0.1:5432 and 192.0.2.1:6379.
NAT = """\
-N DOCKER
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -o jarvis -m addrtype --src-type LOCAL -j MASQUERADE
-A DOCKER -d 127.0.0.1/32 -p tcp -m tcp --dport 5432 -j DNAT --to-destination 172.19.0.2:5432
-A DOCKER -d 192.0.2.1/32 -p tcp -m tcp --dport 6380 -j DNAT --to-destination 172.19.0.3:6379
-A DOCKER -p tcp -m tcp --dport 7000 -j DNAT --to-destination 172.19.0.4:7000
""".splitlines()
FILTER = """\
-N DOCKER
-N DOCKER-FORWARD
-A FORWARD -j DOCKER-FORWARD
-A DOCKER-FORWARD -o jarvis -j DOCKER
-A DOCKER -d 172.19.0.3/32 ! -i jarvis -o jarvis -p tcp -m tcp --dport 6379 -j ACCEPT
-A DOCKER -d 172.19.0.4/32 ! -i jarvis -o jarvis -p tcp -m tcp --dport 7000 -j ACCEPT
""".splitlines()
LOOPBACK = ("127.0.0.1", 5432, "172.19.0.2:5432")
OPEN = ("192.0.2.1", 6380, "172.19.0.3:6379")
EVERYWHERE = ("0.0.0.0", 7000, "172.19.0.4:7000")
# With the engine's proxy, connections of the host to 127.0.0.1 are not translated.
PROXY_NAT = [rule.replace("-A OUTPUT", "-A OUTPUT ! -d 127.0.0.0/8") for rule in NAT if "MASQUERADE" not in rule]


@pytest.fixture
def publishing(monkeypatch):
    """Have the engine say that jarvis-postgres publishes a port."""

    def say(port):
        monkeypatch.setattr(ports, "published_ports", lambda: [("jarvis-postgres", "127.0.0.1", port)])

    return say


def without(rules, part):
    left = [rule for rule in rules if part not in rule]
    assert len(left) == len(rules) - 1
    return left


@pytest.mark.parametrize("mapping", [LOOPBACK, OPEN, EVERYWHERE])
def test_rules_of_the_engine_bring_connections_to_the_container(mapping):
    assert ports.is_translated(NAT, FILTER, mapping, by_proxy=False)


@pytest.mark.parametrize("mapping", [LOOPBACK, OPEN, EVERYWHERE])
@pytest.mark.parametrize("part", ["-A PREROUTING", "-A OUTPUT", "-A POSTROUTING"])
def test_one_rule_that_all_need_is_missed(mapping, part):
    assert not ports.is_translated(without(NAT, part), FILTER, mapping, by_proxy=False)


@pytest.mark.parametrize(
    ("mapping", "part"), [(LOOPBACK, "--dport 5432"), (OPEN, "--dport 6380"), (EVERYWHERE, "--dport 7000")]
)
def test_rule_of_the_port_is_missed_and_those_of_others_are_not_taken_for_it(mapping, part):
    assert not ports.is_translated(without(NAT, part), FILTER, mapping, by_proxy=False)
    others = {LOOPBACK, OPEN, EVERYWHERE} - {mapping}
    assert all(ports.is_translated(without(NAT, part), FILTER, other, by_proxy=False) for other in others)


@pytest.mark.parametrize("part", ["-A FORWARD", "-A DOCKER-FORWARD", "-A DOCKER -d 172.19.0.3"])
def test_rules_for_neighbours_are_missed_where_neighbours_may_come(part):
    assert not ports.is_translated(NAT, without(FILTER, part), OPEN, by_proxy=False)
    assert ports.is_translated(NAT, without(FILTER, part), LOOPBACK, by_proxy=False)


@pytest.mark.parametrize(
    "mapping",
    [
        ("127.0.0.1", 5432, "172.19.0.9:5432"),
        ("127.0.0.1", 543, "172.19.0.2:5432"),
        ("127.0.0.2", 5432, "172.19.0.2:5432"),
        ("0.0.0.0", 5432, "172.19.0.2:5432"),
    ],
)
def test_rule_for_something_else_counts_for_nothing(mapping):
    assert not ports.is_translated(NAT, FILTER, mapping, by_proxy=False)


def test_proxy_of_the_engine_takes_what_is_not_translated():
    assert ports.is_translated(PROXY_NAT, FILTER, LOOPBACK, by_proxy=True)
    assert not ports.is_translated(PROXY_NAT, FILTER, LOOPBACK, by_proxy=False)


def test_process_that_holds_the_port_of_a_running_container_is_named(publishing):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        publishing(port)
        assert "(pid " in ports.port_holder("127.0.0.1", port, "jarvis-postgres")
    assert ports.port_holder("127.0.0.1", port, "jarvis-postgres") is None


@pytest.mark.parametrize(("user", "holder"), [("0", None), ("65534", "dockerd (pid 7)")])
def test_name_of_the_engine_is_believed_of_root_alone(publishing, monkeypatch, user, holder):
    publishing(5432)
    monkeypatch.setattr(ports, "listeners", lambda: [("1", user, "127.0.0.1", 5432)])
    monkeypatch.setattr(ports, "process_of", lambda _inode: ("dockerd", "7"))
    assert ports.port_holder("127.0.0.1", 5432, "jarvis-postgres") == holder


@pytest.mark.parametrize(
    ("settings", "broken"),
    [({}, ["127.0.0.1:5432"]), ({"iptables": False}, []), ({"firewall-backend": "nftables"}, [])],
)
def test_rules_of_an_engine_without_iptables_are_not_judged(monkeypatch, settings, broken):
    monkeypatch.setattr(ports, "mappings", lambda _container: [LOOPBACK])
    monkeypatch.setattr(ports, "packet_filter", lambda _table: [])
    assert list(ports.broken_mappings("jarvis-postgres", settings)) == broken


def test_broken_settings_of_the_engine_are_a_doubt_that_names_the_remedy(tmp_path, monkeypatch):
    path = tmp_path / "daemon.json"
    path.write_text("{broken")
    monkeypatch.setattr(ports, "ENGINE_SETTINGS", str(path))
    monkeypatch.setattr(ports, "mappings", lambda _container: [])
    (doubt,) = ports.doubts("jarvis-postgres")
    assert doubt.startswith(f"{path} holds no valid JSON object (Expecting property name")
    assert doubt.endswith("Mend or remove it, then deploy again.")


def test_container_that_does_not_run_is_doubted(monkeypatch):
    monkeypatch.setattr(ports, "engine_get", lambda _path: None)
    (doubt,) = ports.doubts("jarvis-postgres")
    assert doubt.startswith("jarvis-postgres does not run")


def test_packet_filter_that_cannot_be_read_is_no_lost_rule(tmp_path, monkeypatch):
    (tmp_path / "iptables").write_text("#!/bin/sh\necho locked >&2\nexit 4\n")
    (tmp_path / "iptables").chmod(0o755)
    monkeypatch.setattr(ports, "SEARCH_PATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OSError, match="iptables --wait 30 --table nat --list-rules: locked"):
        ports.packet_filter("nat")


def test_engine_that_accepts_and_does_not_answer_is_not_waited_for_without_end(tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as engine:
        engine.bind(str(tmp_path / "engine"))
        engine.listen()
        monkeypatch.setattr(ports, "ENGINE_SOCKET", str(tmp_path / "engine"))
        monkeypatch.setattr(ports, "ENGINE_SECONDS", 0.1)
        assert ports.engine_get("/containers/json") is None
