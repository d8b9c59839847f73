"""Let one process of this host at a time do what two must not do together."""

from __future__ import annotations

import contextlib
import fcntl
import time

POLL_SECONDS = 0.5


@contextlib.contextmanager
def held(path, wait, whose):
    """Hold the lock of a file, waiting for it C(wait) seconds at most. It ends with the process, whatever ends that.

    Raises TimeoutError, with what to do, when another process keeps it; C(whose) says what that is doing.
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
