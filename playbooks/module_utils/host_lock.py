"""A lock for work that two processes of this host must not do at the same time."""

from __future__ import annotations

import contextlib
import fcntl
import time

POLL_SECONDS = 0.5


@contextlib.contextmanager
def held(path, wait, whose):
    """Hold a file's lock, after waiting for it C(wait) seconds at most. The lock ends with the process in any case.

    Raises TimeoutError, with what to do, if another process keeps the lock; C(whose) says what that process is doing.
    """
    with open(path, "w", encoding="ascii") as lock:
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimeoutError(
                        f"another {whose} still holds {path} after {wait:g} s. Wait for it, or end the process that "
                        f"`fuser -v {path}` shows, then deploy again"
                    ) from None
            time.sleep(POLL_SECONDS)
        yield
