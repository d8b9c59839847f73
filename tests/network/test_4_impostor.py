"""A local user who waits for a server's port gets no connection, and lost translations are found and mended."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager

import pytest

# Runs as the user nobody. Takes each address as soon as it is free, and prints that, and whatever somebody sends there.
IMPOSTOR = r"""
import json, os, selectors, socket, sys, time
os.setgroups([]); os.setgid(65534); os.setuid(65534)
wanted, ready = json.loads(sys.argv[1]), selectors.DefaultSelector()
def tell(what):
    print(json.dumps(what), flush=True)
while os.path.exists("/tmp/impostor"):
    for address in list(wanted):
        listener = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(tuple(address))
            listener.listen()
        except OSError:
            listener.close()
            continue
        wanted.remove(address)
        ready.register(listener, selectors.EVENT_READ)
        tell(["bound", *address])
    if not ready.get_map():
        time.sleep(0.001)
        continue
    for key, _ in ready.select(0.001):
        client, _ = key.fileobj.accept()
        client.settimeout(1)
        try:
            tell(["got", client.recv(100).hex()])
        except OSError:
            tell(["got", "a connection"])
        client.close()
"""
# Prints what an application gets as answers, with its settings or at another name of the host.
CLIENT = """
import json, os, psycopg2, redis, sys
name = sys.argv[1]
answers = []
try:
    psycopg2.connect(os.environ["DATABASE_URL"].replace("127.0.0.1", name), connect_timeout=5).close()
    answers.append("accepted")
except psycopg2.OperationalError as error:
    answers.append(str(error))
try:
    redis.Redis.from_url(os.environ["REDIS_URL"].replace("127.0.0.1", name), socket_timeout=5).ping()
    answers.append("accepted")
except redis.RedisError as error:
    answers.append(str(error))
print(json.dumps(answers))
"""
PORTS = [["127.0.0.1", 5432], ["127.0.0.1", 6379]]
CHECK = "/usr/local/sbin/jarvis-firewall check"
RULE = "-p tcp -m tcp --dport {} -m conntrack --ctdir ORIGINAL -j REJECT --reject-with tcp-reset"
PROXY = {"userland-proxy": True, "live-restore": True, "log-driver": "json-file"}


@pytest.fixture(scope="module", autouse=True)
def deployed(deploy):
    """Have both servers at 127.0.0.1."""
    assert deploy().code == 0


@pytest.fixture
def client(host):
    """Return a function that returns both servers' answers to an application, [PostgreSQL, Redis]."""

    def ask(name="127.0.0.1"):
        return json.loads(host.out(f"set -a; . /etc/jarvis/jarvis.env; python3 -c '{CLIENT}' {name}"))

    return ask


@pytest.fixture
def impostor(host):
    """Return a context in which the user nobody waits for addresses. In the end, its list holds what that user saw."""

    @contextmanager
    def wait_for(addresses):
        seen = []
        host.run("touch /tmp/impostor")
        process = subprocess.Popen(
            ["docker", "exec", host.name, "python3", "-c", IMPOSTOR, json.dumps(addresses)],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield seen
        finally:
            host.run("rm /tmp/impostor")
            seen += map(json.loads, process.communicate(timeout=30)[0].splitlines())

    return wait_for


def refused(answers):
    return [("refused" if "refused" in answer else answer) for answer in answers]


def local_rules(host, tool="iptables"):
    return host.out(f"{tool} -S JARVIS-LOCAL | sed 1d").splitlines()


def test_who_takes_the_ports_while_the_engine_restarts_gets_no_byte_and_is_named(deploy, play, host, client, impostor):
    before = host.containers()
    # An old engine that restarts before its first health check makes none, until a deployment makes it begin.
    host.wait_until_healthy("jarvis-postgres", "jarvis-redis")
    with impostor(PORTS) as seen:
        host.run("systemctl restart docker")
        assert refused(client()) == ["refused", "refused"]
        run = play("playbooks/verify.yml")
        assert run.code == 2
        assert "No password was sent." in run.text
        assert "127.0.0.1:5432 should be jarvis-postgres, and is held by python3 (pid" in run.text
        run = deploy()
        assert run.code == 2
        assert "postgres_port is 5432, but 127.0.0.1:5432 is already in use by python3 (pid" in run.text
        assert "redis_port is 6379, but 127.0.0.1:6379 is already in use by python3 (pid" in run.text
    assert sorted(seen) == [["bound", *address] for address in PORTS]
    # The restart left the containers without translation. The next deployment brings it back.
    assert refused(client()) == ["refused", "refused"]
    run = deploy("--tags", "docker")
    assert run.code == 0
    assert "Connections to 127.0.0.1:5432 are not brought to jarvis-postgres" in run.text
    assert client() == ["accepted", "accepted"]
    assert host.containers() == before
    run = deploy("--tags", "docker")
    assert (run.code, run.count("changed")) == (0, 0)


def test_who_takes_the_ports_of_stopped_containers_gets_no_byte(host, client, impostor):
    with impostor(PORTS) as seen:
        host.run("docker stop jarvis-postgres jarvis-redis")
        assert refused(client()) == ["refused", "refused"]
    host.run("docker start jarvis-postgres jarvis-redis")
    assert sorted(seen) == [["bound", *address] for address in PORTS]


def test_who_takes_the_ports_by_ipv6_gets_no_byte(host, client, impostor):
    host.run("sysctl -w net.ipv6.conf.lo.disable_ipv6=0")
    addresses = [["::1", 5432], ["::1", 6379]]
    with impostor(addresses) as seen:
        host.run("until ss -ltn | grep -q '::1.:6379'; do sleep 0.1; done")
        assert client("localhost") == ["accepted", "accepted"]
    assert seen == [["bound", *address] for address in addresses]


def test_lost_translation_is_previewed(deploy, host, client):
    host.run("iptables -t nat -F")
    run = deploy("--check", "--tags", "docker")
    assert run.code == 0
    assert run.count("changed") > 0
    assert "Connections to 127.0.0.1:6379 are not brought to jarvis-redis: rules of the engine are gone." in run.text
    assert refused(client()) == ["refused", "refused"]


@pytest.mark.parametrize(
    "loss",
    [
        "iptables -t nat -F",
        "for table in filter nat mangle; do iptables -t $table -F; iptables -t $table -X || true; done",
        "iptables -t nat -S DOCKER | grep 'dport 6379' | sed 's/-A/-D/' | xargs iptables -t nat",
    ],
)
def test_lost_translation_is_mended_and_containers_keep_running(deploy, host, client, loss):
    before = host.containers()
    host.run(loss)
    assert deploy("--tags", "docker").code == 0
    assert client() == ["accepted", "accepted"]
    assert host.containers() == before


@pytest.mark.parametrize(
    ("package", "begin", "end"),
    [
        ("nftables", "systemctl restart nftables", "true"),
        ("ufw", "ufw --force enable && ufw reload", "ufw --force disable"),
        (
            "firewalld",
            "systemctl restart firewalld && firewall-cmd --complete-reload",
            "systemctl disable --now firewalld",
        ),
    ],
)
def test_firewall_of_the_host_that_begins_anew_cuts_nobody_off_for_good(deploy, host, client, package, begin, end):
    host.run(f"DEBIAN_FRONTEND=noninteractive apt-get install -qq -y {package} >/dev/null 2>&1")
    before = host.containers()
    host.run(begin)
    disturbed = client() != ["accepted", "accepted"] or host.out(CHECK) != "in force"
    run = deploy("--tags", "docker")
    answers, rules, after = client(), host.out(CHECK), host.containers()
    host.run(end)
    again = deploy("--tags", "docker")
    # Whether the other two change anything depends on their version.
    assert disturbed or package != "nftables"
    assert (run.code, answers, rules) == (0, ["accepted", "accepted"], "in force")
    assert (again.code, client(), host.out(CHECK)) == (0, ["accepted", "accepted"], "in force")
    assert before == after == host.containers()


def test_verification_sends_no_password_where_a_translation_is_lost(play, deploy, host):
    host.run("iptables -t nat -F DOCKER")
    run = play("playbooks/verify.yml")
    assert run.code == 2
    assert "No password was sent." in run.text
    assert "Connections to 127.0.0.1:5432 are not brought to jarvis-postgres" in run.text
    assert deploy("--tags", "docker").code == 0


def test_accept_of_others_does_not_come_before_the_refusal(host):
    host.run("iptables -I INPUT -i lo -j ACCEPT && iptables -I INPUT -p tcp --dport 22 -j ACCEPT")
    assert host.out(CHECK) == "not in force"
    assert host.out("/usr/local/sbin/jarvis-firewall") == "loaded"
    assert host.out("/usr/local/sbin/jarvis-firewall") == "in force"
    # ufw leaves its own chains behind when it is turned off.
    assert host.out("iptables -S INPUT | grep -v ufw").splitlines()[1:] == [
        "-A INPUT -j JARVIS-LOCAL",
        "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
        "-A INPUT -i lo -j ACCEPT",
    ]
    host.run("iptables -D INPUT -i lo -j ACCEPT && iptables -D INPUT -p tcp --dport 22 -j ACCEPT")


@pytest.mark.parametrize(
    "loss",
    [
        "iptables -F JARVIS-LOCAL",
        "iptables -D INPUT -j JARVIS-LOCAL",
        "iptables -I JARVIS-LOCAL -j RETURN",
        "ip6tables -F",
    ],
)
def test_refusal_that_is_undone_is_not_in_force_and_comes_back(host, loss):
    host.run(loss)
    assert host.out(CHECK) == "not in force"
    assert host.out("/usr/local/sbin/jarvis-firewall") == "loaded"
    assert host.out(CHECK) == "in force"


def test_refusal_follows_the_ports(deploy, host):
    assert deploy("--tags", "firewall", redis_port=6390).code == 0
    assert local_rules(host) == [f"-A JARVIS-LOCAL -d 127.0.0.1/32 {RULE.format(port)}" for port in (5432, 6390)]
    assert local_rules(host, "ip6tables") == [
        f"-A JARVIS-LOCAL -d ::1/128 {RULE.format(port)}" for port in (5432, 6390)
    ]
    assert deploy("--tags", "firewall").code == 0
    assert local_rules(host) == [f"-A JARVIS-LOCAL -d 127.0.0.1/32 {RULE.format(port)}" for port in (5432, 6379)]


def test_proxy_of_the_engine_is_let_in_and_its_want_of_protection_told(deploy, host, client):
    run = deploy(docker_daemon_settings=PROXY)
    assert run.code == 0
    assert "The engine's userland proxy is on. While a container or the engine restarts, a local user" in run.text
    assert local_rules(host) == local_rules(host, "ip6tables") == []
    host.run("docker restart jarvis-postgres jarvis-redis")
    assert client() == ["accepted", "accepted"]
    run = deploy()
    assert run.code == 0
    assert "userland proxy is on" not in run.text
    assert len(local_rules(host)) == 2
