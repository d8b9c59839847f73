"""An image that is there is used. A missing one is named as the source will name it."""

from __future__ import annotations

import pytest
from image_engine import digests_here, runnable
from image_selection import select

OFFICIAL = {"postgres": "postgres:16-alpine", "redis": "redis:7-alpine"}
DIGEST = f"sha256:{'0123456789abcdef' * 4}"
PINNED = {"postgres": f"postgres@{DIGEST}", "redis": f"redis@{DIGEST}"}
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


def test_an_image_that_was_built_cannot_stand_in_for_a_digest():
    assert select("auto", PINNED, BUILT, set(BUILT.values())) == PINNED


def test_a_host_gets_only_what_it_runs():
    assert select("auto", {"redis": "redis:7"}, {"redis": BUILT["redis"]}, set()) == {"redis": "redis:7"}


def test_an_engine_that_is_not_there_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        digests_here(str(tmp_path / "docker.sock"), "postgres:16-alpine")


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("redis", "redis"),
        ("redis:7", "redis:7"),
        (f"redis@{DIGEST}", f"redis@{DIGEST}"),
        (f"redis:7@{DIGEST}", f"redis@{DIGEST}"),
        (f"host:5000/a/redis:7@{DIGEST}", f"host:5000/a/redis@{DIGEST}"),
        (f"host:5000/a/redis@{DIGEST}", f"host:5000/a/redis@{DIGEST}"),
    ],
)
def test_a_digest_decides_alone(image, expected):
    assert runnable(image) == expected
