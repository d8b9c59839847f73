import os

import psycopg
from psycopg.types.json import Jsonb

with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    with connection.pipeline():
        upsert = (
            "INSERT INTO agent_state (key, value) VALUES ('psycopg3', %s) ON CONFLICT (key) DO UPDATE SET value = %s"
        )
        connection.execute(upsert, [Jsonb({"n": 1}), Jsonb({"n": 2})])
    assert connection.execute("SELECT value FROM agent_state WHERE key = 'psycopg3'", binary=True).fetchone() in (
        ({"n": 1},),
        ({"n": 2},),
    )
