"""What is there is used; what is missing is named as the source will name it."""

from __future__ import annotations

import pytest
from image_selection import REFERENCE, has_image, select

OFFICIAL = {"postgres": "postgres:16-alpine", "redis": "redis:7-alpine"}
BUILT = {"postgres": "jarvis/postgres:16.14-0", "redis": "jarvis/redis:7.0-0"}


@pytest.mark.parametrize(
    ("source", "there", "expected"),
    [
        ("registry", set(BUILT.values()), OFFICIAL),
        ("archive", set(), OFFICIAL),
        ("build", set(OFFICIAL.values()), BUILT),
        ("auto", set(), OFFICIAL),
        ("auto", set(BUILT.values()), BUILT),
        ("auto", {*OFFICIAL.values(), *BUILT.values()}, OFFICIAL),
        ("auto", {BUILT["redis"]}, {"postgres": OFFICIAL["postgres"], "redis": BUILT["redis"]}),
    ],
)
def test_selection(source, there, expected):
    assert select(source, OFFICIAL, BUILT, there) == expected


def test_a_host_gets_only_what_it_runs():
    assert select("auto", {"redis": "redis:7"}, {"redis": BUILT["redis"]}, set()) == {"redis": "redis:7"}


def test_an_engine_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        has_image(str(tmp_path / "docker.sock"), "postgres:16-alpine")


@pytest.mark.parametrize("image", ["redis", "redis:7", "host:5000/a/b:1.2-x_y", f"postgres:16@sha256:{'0' * 64}"])
def test_a_reference_is_accepted(image):
    assert REFERENCE.fullmatch(image)


@pytest.mark.parametrize("image", ["", " ", "redis:7 ", "-redis", "a b", "redis@", "redis;rm"])
def test_what_is_no_reference_is_refused(image):
    assert not REFERENCE.fullmatch(image)
