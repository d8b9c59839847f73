import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

broker = RedisBroker(url=os.environ["REDIS_URL"])
dramatiq.set_broker(broker)
done = []


@dramatiq.actor
def note(word):
    done.append(word)


worker = dramatiq.Worker(broker, worker_timeout=100)
worker.start()
note.send("a")
broker.join("default", timeout=20_000)
worker.join()
worker.stop()
assert done == ["a"]
