"""Plots as small SVG files: lines over even or logarithmic axes. The same figures make the same text."""

from __future__ import annotations

import math
from html import escape

from bench.measure import Curve, written

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 190, 20, 50
TICKS = 5
COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#57606a")
# Readable on a light and on a dark page.
STYLE = "text{font:12px sans-serif;fill:#57606a}.axis{stroke:#8c959f}.grid{stroke:#8c959f;stroke-opacity:.25}"


class Axis:
    """Places values between two ends, in pixels."""

    def __init__(self, values: list[float], begin: float, end: float, by_powers: bool) -> None:
        """Take all values that are to be shown."""
        self.by_powers = by_powers
        self.begin, self.end = begin, end
        if by_powers:
            self.low = math.floor(math.log10(min(values)))
            self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
            self.ticks = [10.0**power for power in range(self.low, self.high + 1)]
        else:
            step = nice_step(max(values) / TICKS)
            self.low, self.high = 0, math.ceil(max(values) / step) * step
            self.ticks = [step * number for number in range(round(self.high / step) + 1)]

    def place(self, value: float) -> float:
        """Return where a value is."""
        at = math.log10(value) if self.by_powers else value
        return round(self.begin + (self.end - self.begin) * (at - self.low) / (self.high - self.low), 1)


def nice_step(least: float) -> float:
    """Return the least of 1, 2 and 5 times a power of ten that is no smaller."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * 0.999)


def tick_text(value: float) -> str:
    """Return the words of a tick."""
    return f"{value:,.0f}" if value >= 1 or value == 0 else f"{value:g}"


def grid(across: Axis, up: Axis) -> list[str]:
    """Return the lines behind the plot with the words of the ticks."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    for tick in across.ticks:
        x = across.place(tick)
        parts.append(f'<line class="grid" x1="{x}" y1="{TOP}" x2="{x}" y2="{bottom}"/>')
        parts.append(f'<text x="{x}" y="{bottom + 16}" text-anchor="middle">{tick_text(tick)}</text>')
    for tick in up.ticks:
        y = up.place(tick)
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y}" x2="{right}" y2="{y}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{tick_text(tick)}</text>')
    parts.append(f'<path class="axis" fill="none" d="M{LEFT},{TOP}V{bottom}H{right}"/>')
    return parts


def svg(curve: Curve) -> str:
    """Return a plot as the text of an SVG file."""
    points = [point for line in curve.lines.values() for point in line.items()]
    across = Axis([x for x, _ in points], LEFT, WIDTH - RIGHT, curve.by_powers)
    up = Axis([y for _, y in points], HEIGHT - BOTTOM, TOP, curve.by_powers)
    parts = grid(across, up)
    for number, (name, line) in enumerate(curve.lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = " ".join(f"{across.place(x)},{up.place(y)}" for x, y in sorted(line.items()))
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{places}"/>')
        for x, y in sorted(line.items()):
            shown = f"{escape(name)}, {tick_text(x)} {escape(curve.x)}: {written(y)} {escape(curve.y)}"
            circle = f'<circle fill="{colour}" cx="{across.place(x)}" cy="{up.place(y)}" r="3">'
            parts.append(f"{circle}<title>{shown}</title></circle>")
        y = TOP + 10 + 18 * number
        parts.append(f'<rect fill="{colour}" x="{WIDTH - RIGHT + 14}" y="{y - 9}" width="10" height="10"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 30}" y="{y}">{escape(name)}</text>')
    middle = (LEFT + WIDTH - RIGHT) // 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 12}" text-anchor="middle">{escape(curve.x)}</text>')
    parts.append(f'<text x="{LEFT}" y="{TOP - 7}" text-anchor="middle">{escape(curve.y)}</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    return "\n".join([head, f"<style>{STYLE}</style>", *parts, "</svg>", ""])
