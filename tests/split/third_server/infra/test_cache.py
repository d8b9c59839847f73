"""The second Redis works for a client that has its address."""

from __future__ import annotations


def write_and_read(settings):
    import redis

    client = redis.from_url(settings["CACHE_URL"])
    client.set("verify", "kept", ex=60)
    return [sorted(settings), client.get("verify").decode()]


def test_its_clients_write_and_read(on_host):
    assert on_host(write_and_read) == [["CACHE_URL"], "kept"]


def test_container_is_healthy(container):
    assert container("jarvis-cache")["State"]["Health"]["Status"] == "healthy"
