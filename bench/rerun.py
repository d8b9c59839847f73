"""A run with nothing to do, on one host."""

from __future__ import annotations

from bench.hosts import CACHE
from bench.lab import Lab
from bench.measure import Aim, Figure, Section, interleaved
from bench.old_setup import OldSetup
from bench.words import changed_hosts, executed_tasks, jarvis, longest, task_seconds


def measure(lab: Lab) -> Section:
    """Deploy a proven host again, in turn with the old setup."""
    inventory = lab.inventory([lab.ours()])
    by_hand = lab.by_hand()
    lab.say("installing docker-compose and drizzle-kit")
    old = OldSetup(by_hand, CACHE)
    tasks: list[float] = []
    cpu: list[float] = []

    def ours() -> float:
        done = jarvis("deploy", inventory)
        if changed_hosts(done.output):
            raise RuntimeError(f"a run that had to change nothing did: {done.output}")
        tasks.append(executed_tasks(done.output))
        cpu.append(done.cpu_seconds)
        return done.seconds

    lab.say("nothing to do, one host")
    ours()  # The first run of any program reads it from the disk.
    tasks.clear()
    cpu.clear()
    found = interleaved({"ours": ours, "old": old.seconds}, 3 if lab.quick else 9)
    told = task_seconds(jarvis("deploy", inventory, profiled=True).output)
    return Section(
        "Nothing to do, one host",
        "docker compose up --detach --wait (2.26) of both servers, and drizzle-kit push",
        [
            Figure("deploy", "s", found["ours"], found["old"], Aim(3)),
            Figure("tasks executed", "count", tasks, aim=Aim(6, of_ratio=False)),
            Figure("controller's CPU", "s", cpu),
        ],
        [
            f"Of one more run: {longest(told, 3)}. The rest is Ansible's start, the reading of the project, and plays"
            " that have nothing for the host."
        ],
    )
