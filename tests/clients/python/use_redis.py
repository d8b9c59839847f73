import os

import redis

client = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
with client.pipeline(transaction=True) as transaction:
    transaction.set("clients:redis-py", "1").incr("clients:redis-py").expire("clients:redis-py", 60)
    assert transaction.execute() == [True, 2, True]
with client.lock("clients:lock", timeout=5):
    assert client.get("clients:redis-py") == "2"
assert client.client_list()
client.xadd("clients:stream", {"a": 1}, maxlen=10)
