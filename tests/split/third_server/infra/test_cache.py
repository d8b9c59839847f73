"""The second Redis works for a client that has its address."""

from __future__ import annotations

from questions import client


@client
def written_and_read(settings):
    import redis

    connection = redis.from_url(settings["CACHE_URL"])
    connection.set("verify", "kept", ex=60)
    return [sorted(settings), connection.get("verify").decode()]


def test_its_clients_write_and_read(written_and_read):
    assert written_and_read == [["CACHE_URL"], "kept"]


def test_container_is_healthy(container):
    assert container("jarvis-cache")["State"]["Health"]["Status"] == "healthy"
