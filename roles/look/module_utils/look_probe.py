"""Do what an application does: write and read back, as the application, at the addresses in its settings."""

from __future__ import annotations

import shlex
import uuid
from contextlib import closing

from ansible.module_utils.jarvis_schema.session import psycopg2
from ansible.module_utils.redis_container import redis

SETTINGS = "/etc/jarvis/jarvis.env"
SECONDS = 10


def settings():
    """Return the client settings, by variable."""
    with open(SETTINGS, encoding="utf-8") as stream:
        words = shlex.split(stream.read(), comments=True)
    return dict(word.partition("=")[::2] for word in words)


def postgres(address):
    """Return why a row could not be written and read back, None when it could.

    The row is removed before others can see it, but the server has to write it to the disk.
    """
    key = f"look:{uuid.uuid4()}"
    try:
        # Somebody may hold a lock on the table.
        limit = f"-c statement_timeout={SECONDS}s"
        connection = psycopg2.connect(address, connect_timeout=SECONDS, application_name="jarvis-look", options=limit)
        with closing(connection), connection, connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('public.agent_state') IS NULL")
            if cursor.fetchone()[0]:
                return None  # the database has another schema than the agent's
            cursor.execute("INSERT INTO public.agent_state (key, value) VALUES (%s, '[1]')", (key,))
            cursor.execute("SELECT value FROM public.agent_state WHERE key = %s", (key,))
            if cursor.fetchone()[0] != [1]:
                return "a row was not read back as it was written"
            cursor.execute("DELETE FROM public.agent_state WHERE key = %s", (key,))
    except psycopg2.Error as error:
        return " ".join(str(error).split())
    return None


def redis_key(address):
    """Return why a key could not be written and read back, None when it could."""
    key = f"look:{uuid.uuid4()}"
    client = redis.Redis.from_url(address, socket_timeout=SECONDS)  # of connecting as well
    try:
        client.set(key, "1", ex=SECONDS)
        read = client.get(key)
        client.delete(key)
        return None if read == b"1" else "a key was not read back as it was written"
    except redis.RedisError as error:
        return " ".join(str(error).split())
    finally:
        client.connection_pool.disconnect()
