"""How figures are taken and compared: ways take turns, and medians and ratios are kept with their spread."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

EXACT_BELOW = 10  # a figure below has two decimals, and above one
WHOLE_FROM = 100


def interleaved(ways: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Take a figure of every way in each round, and return them by way.

    So whatever else the machine does is in all of them. Every second round goes backwards, so that no way is always
    the one that comes after the same other.
    """
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        for name in list(ways) if number % 2 == 0 else list(reversed(ways)):
            taken[name].append(ways[name]())
    return taken


def ratio(ours: list[float], anchor: list[float]) -> float:
    """Return the median of the ratios of each round, in which both met the same machine."""
    return statistics.median(one / other for one, other in zip(ours, anchor, strict=True))


def written(value: float) -> str:
    """Return a figure with about three digits."""
    if abs(value) >= WHOLE_FROM:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= EXACT_BELOW else f"{value:.2f}"


def with_spread(values: list[float]) -> str:
    """Return the median, and the least and the greatest where there are several."""
    median = written(statistics.median(values))
    return median if len(values) == 1 else f"{median} ({written(min(values))}-{written(max(values))})"


@dataclass(frozen=True)
class Aim:
    """A limit for the ratio to the anchor or, where C(of_ratio) is false, for the median itself."""

    limit: float
    at_least: bool = False
    of_ratio: bool = True

    def __str__(self) -> str:
        """Return it as a table shows it."""
        return f"{'>=' if self.at_least else '<='} {self.limit:g}{'x' if self.of_ratio else ''}"

    def met_by(self, value: float) -> bool:
        """Tell whether a value keeps within the limit."""
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True)
class Figure:
    """One line of a table: what was measured, in C(unit), each value of ours beside the anchor's of the same round."""

    what: str
    unit: str
    ours: list[float]
    anchor: list[float] = field(default_factory=list)
    aim: Aim | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the anchor ours is, None without an anchor."""
        return ratio(self.ours, self.anchor) if self.anchor else None

    @property
    def met(self) -> bool | None:
        """Whether the aim is met, None where there is none."""
        if self.aim is None:
            return None
        judged = self.ratio if self.aim.of_ratio else statistics.median(self.ours)
        return judged is not None and self.aim.met_by(judged)


@dataclass(frozen=True)
class Curve:
    """Points of a plot as {name of a line: {x: y}}, with the words of both axes, each by powers of ten or evenly."""

    name: str
    x: str
    y: str
    lines: dict[str, dict[float, float]]
    by_powers: bool = False


@dataclass
class Section:
    """What a part of the bench found: figures, what the anchor is, and what a reader should know of them."""

    title: str
    anchor: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
