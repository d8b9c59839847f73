"""Celery calls the socket in another way than the library that it uses."""

import os

os.environ["REDIS_URL"] = os.environ["REDIS_URL"].replace("unix:", "redis+socket:")

from use_celery import add, app  # noqa: E402

from celery.contrib.testing.worker import start_worker  # noqa: E402

with start_worker(app, perform_ping_check=False, pool="solo", loglevel="error"):
    assert add.delay(1, 2).get(timeout=30) == 3
