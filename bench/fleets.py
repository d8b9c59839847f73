"""Runs with nothing to do over more and more hosts."""

from __future__ import annotations

import statistics

from bench.hosts import memory_limits, write_limits
from bench.lab import Lab
from bench.measure import Aim, Curve, Figure, Section, interleaved
from bench.process import Finished
from bench.words import changed_hosts, jarvis


def measure(lab: Lab) -> Section:
    """Deploy a proven host and its copies again, 1, 5, 10 and 20 in turn."""
    sizes = [1, 5] if lab.quick else [1, 5, 10, 20]
    original = lab.ours()
    lab.say(f"copying a proven host {max(sizes) - 1} times")
    copies = lab.hosts.copies(original, max(sizes) - 1)
    hosts = [original, *copies]
    limits = memory_limits(original)
    write_limits(dict.fromkeys(limits, "-1"))
    runs: dict[int, list[Finished]] = {size: [] for size in sizes}

    def deploy(size: int) -> float:
        done = jarvis("deploy", lab.inventory(hosts[:size]), watched=True)
        if changed := changed_hosts(done.output):
            raise RuntimeError(f"a run changed something on {', '.join(changed)}: {done.output}")
        runs[size].append(done)
        return done.seconds

    lab.say(f"nothing to do, {', '.join(map(str, sizes))} hosts in turn")
    try:
        found = interleaved({str(size): lambda size=size: deploy(size) for size in sizes}, 2 if lab.quick else 3)
    finally:
        lab.hosts.remove(copies)
        write_limits(limits)
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
            f" {len(hosts)} hosts run all the time, also where a run is about one.",
        ],
        [Curve("fleets", "hosts", "seconds", {"nothing to do": curve, "three times one host": three_times})],
    )
