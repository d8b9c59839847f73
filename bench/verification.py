"""What a verification costs."""

from __future__ import annotations

from bench.lab import Lab
from bench.measure import Aim, Figure, Section
from bench.words import jarvis


def measure(lab: Lab) -> Section:
    """Verify a proven host."""
    host = lab.ours()
    inventory = lab.inventory([host])
    lab.say("verification")
    seconds, controller, hosts = [], [], []
    for _ in range(2 if lab.quick else 5):
        before = host.cpu_seconds()
        done = jarvis("verify", inventory)
        hosts.append(host.cpu_seconds() - before)
        controller.append(done.cpu_seconds)
        seconds.append(done.seconds)
    whole = [one + other for one, other in zip(controller, hosts, strict=True)]
    return Section(
        "Verification, one host",
        "none",
        [
            Figure("CPU of host and controller", "s", whole, aim=Aim(3, of_ratio=False)),
            Figure("CPU of the host", "s", hosts),
            Figure("CPU of the controller", "s", controller),
            Figure("verify", "s", seconds),
        ],
        ["The host's part includes what its engine and servers do meanwhile anyway, such as health checks."],
    )
