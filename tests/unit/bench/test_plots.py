"""Plots are the same text for the same figures, and place values where their axes say."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from bench.measure import Curve
from bench.plots import Axis, nice_step, svg

EVEN = Curve("fleets", "hosts", "seconds", {"nothing to do": {1: 2.5, 5: 6.0, 20: 19.0}, "three times one": {1: 7.5}})


def test_axis_places_values_between_its_ends():
    even = Axis([3.0, 19.0], 0, 100, by_powers=False)
    assert (even.ticks, even.place(0), even.place(10), even.place(20)) == ([0, 5, 10, 15, 20], 0.0, 50.0, 100.0)
    powers = Axis([10_000.0, 1_000_000.0], 100, 0, by_powers=True)
    assert (powers.place(10_000), powers.place(100_000), powers.place(1_000_000)) == (100.0, 50.0, 0.0)


def test_axis_of_one_value_by_powers_has_a_length():
    assert Axis([10.0], 0, 100, by_powers=True).place(10) == 0.0


@pytest.mark.parametrize(("least", "step"), [(3.8, 5.0), (0.15, 0.2), (0.5, 0.5), (11.0, 20.0), (60.0, 100.0)])
def test_steps_are_1_2_or_5_times_a_power_of_ten(least, step):
    assert nice_step(least) == pytest.approx(step)


def test_plot_is_well_formed_names_each_point_and_is_always_the_same():
    text = svg(EVEN)
    root = ET.fromstring(text)  # noqa: S314 - our own text
    titles = [element.text for element in root.iter("{http://www.w3.org/2000/svg}title")]
    assert titles == [
        "nothing to do, 1 hosts: 2.50 seconds",
        "nothing to do, 5 hosts: 6.00 seconds",
        "nothing to do, 20 hosts: 19.0 seconds",
        "three times one, 1 hosts: 7.50 seconds",
    ]
    assert text == svg(EVEN)


def test_names_cannot_break_the_file():
    assert "a &lt;b&gt; &amp; c" in svg(Curve("x", "rows", "ms", {"a <b> & c": {10: 1.0, 100: 2.0}}, by_powers=True))
