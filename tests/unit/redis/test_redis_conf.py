"""Values are written as Redis reads them."""

from __future__ import annotations


def test_lines_are_sorted_and_values_are_in_redis_words(load):
    assert (
        load("redis/filter_plugins/redis_conf").redis_conf(
            {"save": "", "appendonly": True, "port": 6379, "lazyfree-lazy-eviction": False}
        )
        == 'appendonly yes\nlazyfree-lazy-eviction no\nport 6379\nsave ""'
    )
