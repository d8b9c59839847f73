import os

import psycopg2

with psycopg2.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
    cursor.execute(
        "INSERT INTO agent_state (key, value) VALUES ('psycopg2', '{\"n\": 1}')"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value RETURNING value"
    )
    assert cursor.fetchone() == ({"n": 1},)
    cursor.execute("CREATE SCHEMA IF NOT EXISTS psycopg2_own")
