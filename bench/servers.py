"""The servers' speed: pgbench and redis-benchmark, beside the same binaries run bare."""

from __future__ import annotations

import random
import re
from urllib.parse import urlsplit

from bench.bare import REDIS_PORT, REDIS_SOCKET, ROOTS, Bare
from bench.lab import Lab
from bench.measure import Aim, Figure, Section, interleaved

CLIENTS = 4
TCP, SOCKET = Aim(0.9, at_least=True), Aim(0.97, at_least=True)
# An agent at work: starts a call, completes it, keeps its state, reads what it did. Inputs and outputs are of 2 kB.
AGENT = r"""
\set key random(1, 1000)
INSERT INTO tool_calls (tool_name, input) VALUES ('search', '{"q": "%(body)s"}') RETURNING id \gset
INSERT INTO tool_calls (parent_id, tool_name, input, status, output, duration_ms, completed_at)
    VALUES (:id, 'search', '{"q": "%(body)s"}', 'success', '{"hits": "%(body)s"}', 5, now());
INSERT INTO agent_state (key, value) VALUES ('key ' || :key, '{"step": 1}')
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now();
SELECT id, tool_name, status, started_at FROM tool_calls ORDER BY started_at DESC LIMIT 50;
"""
SCRIPTS = {
    "select-only": ("--builtin=select-only",),
    "simple-update": ("--builtin=simple-update",),
    "agent at work": ("--file=/conf/agent.sql",),
}
REDIS_REQUESTS = 50_000
REDIS_BYTES = 256  # of a value


def transactions_a_second(printed: str) -> float:
    """Return what pgbench measured."""
    return float(re.search(r"^tps = ([\d.]+)", printed, re.MULTILINE)[1])


def requests_a_second(printed: str) -> dict[str, float]:
    """Return what redis-benchmark measured, by command."""
    return {name: float(rate) for name, rate in re.findall(r'^"(SET|GET)","([\d.]+)"', printed, re.MULTILINE)}


class Speed:
    """Measures on one host that has both: ours and bare servers."""

    def __init__(self, lab: Lab) -> None:
        """Start the bare servers, and fill the tables of pgbench in both."""
        self.lab = lab
        self.host = lab.ours()
        lab.say("starting the same binaries bare")
        self.bare = Bare(self.host)
        self.ours = self.bare.variables
        self.seconds = 1 if lab.quick else 5
        self.rounds = 4 if lab.quick else 5
        body = random.Random(0).randbytes(1000).hex()  # noqa: S311 - the same each time, and hard to compress
        self.host.out(f"cat >{ROOTS}/postgres/conf/agent.sql", stdin=AGENT % {"body": body})
        for address in (self.ours["DATABASE_URL"], self.bare.address(self.ours["DATABASE_URL"], "tcp")):
            self.host.out(f"{self.bare.command('postgres', 'pgbench', '-i', '-q', '-s', '5', address)} 2>&1")

    def pgbench(self, script: tuple[str, ...], address: str) -> float:
        """Return the transactions a second that clients on the host get."""
        words = ("pgbench", "-n", "-c", str(CLIENTS), "-j", "2", "-T", str(self.seconds), *script, address)
        return transactions_a_second(self.host.out(f"{self.bare.command('postgres', *words)} 2>&1"))

    def postgres(self, way: str, variable: str, aim: Aim) -> list[Figure]:
        """Return a figure a script, over C(tcp) or C(socket)."""
        figures = []
        for name, script in SCRIPTS.items():
            self.lab.say(f"pgbench, {name}, {way}")
            ours, bare = self.ours[variable], self.bare.address(self.ours[variable], way)
            ways = {
                "ours": lambda script=script, address=ours: self.pgbench(script, address),
                "bare": lambda script=script, address=bare: self.pgbench(script, address),
            }
            found = interleaved(ways, self.rounds)
            figures.append(Figure(f"{name}, {way}", "tps", found["ours"], found["bare"], aim))
        return figures

    def redis(self, way: str, where: dict[str, tuple[str, ...]], aim: Aim) -> list[Figure]:
        """Return a figure a command, over C(tcp) or C(socket); C(where) are the options that lead to ours and bare."""
        self.lab.say(f"redis-benchmark, {way}")
        parts = urlsplit(self.ours["REDIS_URL"])
        taken: dict[str, list[dict[str, float]]] = {name: [] for name in where}

        def take(name: str) -> float:
            words = ("redis-benchmark", *where[name], "--user", parts.username, "-a", parts.password)
            asked = ("-t", "set,get", "-n", str(REDIS_REQUESTS), "-d", str(REDIS_BYTES), "-r", "10000", "--csv")
            printed = self.host.out(f"{self.bare.command('redis', *words, *asked)} 2>/dev/null")
            taken[name].append(requests_a_second(printed))
            return 0.0

        interleaved({name: lambda name=name: take(name) for name in where}, self.rounds)
        return [
            Figure(f"Redis {name}, {way}", "a second", *([rate[name] for rate in taken[of]] for of in where), aim)
            for name in ("SET", "GET")
        ]


def measure(lab: Lab) -> Section:
    """Measure both servers of a proven host, each beside its bare twin."""
    speed = Speed(lab)
    figures = speed.postgres("tcp", "DATABASE_URL", TCP)
    notes = [
        f"{CLIENTS} clients on the host itself; the more a second, the better. Commits are durable.",
        "An agent at work starts a call, completes it, keeps its state and reads the latest 50 calls, a statement each."
        " Inputs and outputs are of 2 kB.",
    ]
    figures += speed.postgres("socket", "DATABASE_SOCKET_URL", SOCKET)
    port = str(urlsplit(speed.ours["REDIS_URL"]).port)
    by_port = {"ours": ("-h", "127.0.0.1", "-p", port), "bare": ("-h", "127.0.0.1", "-p", str(REDIS_PORT))}
    by_socket = {"ours": ("-s", urlsplit(speed.ours["REDIS_SOCKET_URL"]).path), "bare": ("-s", REDIS_SOCKET)}
    figures += speed.redis("tcp", by_port, TCP) + speed.redis("socket", by_socket, SOCKET)
    return Section(
        "The servers' speed",
        "the same binaries with the same settings, as plain processes of the same host",
        figures,
        notes,
    )
