import operator
import os

from redis import Redis
from rq import Queue, SimpleWorker, Worker

connection = Redis.from_url(os.environ["REDIS_URL"])
queue = Queue("clients", connection=connection)
job = queue.enqueue(operator.add, 1, 2)
SimpleWorker([queue], connection=connection).work(burst=True, logging_level="ERROR")
assert job.return_value(refresh=True) == 3
assert Worker.all(connection=connection) == []
