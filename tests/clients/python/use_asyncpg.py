import asyncio
import os

import asyncpg


async def main():
    pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=5, max_size=5)
    async with pool.acquire() as connection, connection.transaction():
        start = await connection.fetchval(
            "INSERT INTO tool_calls (tool_name, input) VALUES ('asyncpg', '{}') RETURNING id"
        )
        await connection.execute(
            "INSERT INTO tool_calls (parent_id, tool_name, status, input, output, duration_ms, completed_at)"
            " VALUES ($1, 'asyncpg', 'completed', '{}', '{}', 1, now())",
            start,
        )
    await pool.close()


asyncio.run(main())
