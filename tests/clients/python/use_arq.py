import asyncio
import os
import ssl

from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker
from urllib.parse import parse_qs, urlsplit


async def add(_context, a, b):
    return a + b


async def main():
    # arq ignores the authority in the address, so it is given separately.
    settings = RedisSettings.from_dsn(os.environ["REDIS_URL"])
    settings.ssl_ca_certs = parse_qs(urlsplit(os.environ["REDIS_URL"]).query).get("ssl_ca_certs", [None])[0]
    pool = await create_pool(settings)
    job = await pool.enqueue_job("add", 1, 2)
    worker = Worker(functions=[add], redis_pool=pool, burst=True, handle_signals=False)
    await worker.main()
    assert await job.result(timeout=10) == 3


assert ssl.HAS_TLSv1_2
asyncio.run(main())
