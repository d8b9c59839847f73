"""Figures are taken in turn, and compared round by round."""

from __future__ import annotations

import pytest

from bench.measure import Aim, Figure, interleaved, ratio, with_spread, written


def test_ways_take_turns_and_every_second_round_goes_backwards():
    order = []

    def way(name, value):
        def take():
            order.append(name)
            return value

        return take

    taken = interleaved({"a": way("a", 1.0), "b": way("b", 2.0), "c": way("c", 3.0)}, 3)
    assert order == ["a", "b", "c", "c", "b", "a", "a", "b", "c"]
    assert taken == {"a": [1.0, 1.0, 1.0], "b": [2.0, 2.0, 2.0], "c": [3.0, 3.0, 3.0]}


def test_ratio_is_the_median_of_those_of_each_round():
    # A machine that is ten times slower in one round changes nothing.
    assert ratio([2.0, 20.0, 3.0], [1.0, 10.0, 2.0]) == 2.0
    with pytest.raises(ValueError, match="longer"):
        ratio([1.0], [1.0, 2.0])


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.00"), (0.523, "0.52"), (2.617, "2.62"), (23.44, "23.4"), (152.6, "153"), (12345.6, "12,346")],
)
def test_figures_have_about_three_digits(value, text):
    assert written(value) == text


def test_spread_is_the_least_and_the_greatest_around_the_median():
    assert with_spread([3.0, 1.0, 2.0]) == "2.00 (1.00-3.00)"
    assert with_spread([46.0]) == "46.0"


def test_aim_is_a_limit_of_the_ratio_or_of_the_figure_itself():
    assert Figure("deploy", "s", [2.9], [1.0], Aim(3)).met is True
    assert Figure("deploy", "s", [3.1], [1.0], Aim(3)).met is False
    assert Figure("tasks", "count", [6.0], aim=Aim(6, of_ratio=False)).met is True
    assert Figure("tasks", "count", [7.0], aim=Aim(6, of_ratio=False)).met is False
    assert Figure("tps", "tps", [89.0], [100.0], Aim(0.9, at_least=True)).met is False
    assert Figure("tps", "tps", [91.0], [100.0], Aim(0.9, at_least=True)).met is True
    assert Figure("deploy", "s", [3.1], [1.0]).met is None


def test_aims_are_written_with_their_direction():
    assert (str(Aim(3)), str(Aim(0.97, at_least=True)), str(Aim(6, of_ratio=False))) == ("<= 3x", ">= 0.97x", "<= 6")
