"""Runs with nothing to do over more and more hosts."""

from __future__ import annotations

import statistics
import time

from bench.hosts import Host, docker
from bench.lab import Lab
from bench.measure import Aim, Curve, Figure, Section, interleaved
from bench.process import Finished
from bench.words import changed_hosts, jarvis

CHECKED_EVERY = 6  # seconds; the engine checks the health of the servers every five


def measure(lab: Lab) -> Section:
    """Deploy a proven host and its copies again, 1, 5, 10 and 20 in turn."""
    sizes = [1, 5] if lab.quick else [1, 5, 10, 20]
    original = lab.ours()
    lab.say(f"copying a proven host {max(sizes) - 1} times")
    copies = lab.hosts.copies(original, max(sizes) - 1)
    hosts = [original, *copies]
    runs: dict[int, list[Finished]] = {size: [] for size in sizes}

    def deploy(size: int) -> float:
        switch("pause", hosts[size:])
        done = jarvis("deploy", lab.inventory(hosts[:size]), watched=True)
        switch("unpause", hosts[size:])
        # Health checks that the engines have missed meanwhile.
        time.sleep(CHECKED_EVERY)
        if changed_hosts(done.output):
            raise RuntimeError(f"a run that had to change nothing did: {done.output}")
        runs[size].append(done)
        return done.seconds

    lab.say(f"nothing to do, {', '.join(map(str, sizes))} hosts in turn")
    found = interleaved({str(size): lambda size=size: deploy(size) for size in sizes}, 2 if lab.quick else 3)
    lab.hosts.remove(copies)
    figures = []
    for size in sizes:
        seconds, many = found[str(size)], size > 1
        name = f"{size} hosts" if many else "1 host"
        aim = Aim(3) if size == max(sizes) else None
        figures.append(Figure(name, "s", seconds, found["1"] if many else [], aim))
        if many:
            figures.append(Figure(f"{name}, a host", "s", [second / size for second in seconds]))
        figures.append(Figure(f"{name}, controller's CPU", "s", [run.cpu_seconds for run in runs[size]]))
        figures.append(Figure(f"{name}, peak memory", "MB", [run.peak_mb for run in runs[size]]))
    curve = {size: statistics.median(found[str(size)]) for size in sizes}
    three_times = dict.fromkeys(sizes, 3 * curve[1])
    return Section(
        "Nothing to do, several hosts",
        "one host, in the same rounds",
        figures,
        [
            "Memory is the greatest sum over all processes of the controller; what they share counts in each.",
            "All hosts share the controller's processors here, and the look of each takes most of a second of them."
            " Hosts that a run is not about are paused.",
        ],
        [Curve("fleets", "hosts", "seconds", {"nothing to do": curve, "three times one host": three_times})],
    )


def switch(how: str, hosts: list[Host]) -> None:
    """Pause hosts or let them go on."""
    if hosts:
        docker(how, *(host.name for host in hosts))
