import os

from celery import Celery
from celery.contrib.testing.worker import start_worker

app = Celery("clients", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])


@app.task
def add(a, b):
    return a + b


if __name__ == "__main__":
    with start_worker(app, perform_ping_check=False, pool="solo", loglevel="error"):
        assert add.delay(1, 2).get(timeout=30) == 3
        assert app.control.inspect(timeout=2).ping()
