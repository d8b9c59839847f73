"""With the lock, two processes of a host work one after the other, or the second one gives up."""

from __future__ import annotations

import pytest
from ansible.module_utils import host_lock


def test_who_holds_it_for_too_long_is_named_and_it_is_free_afterwards(tmp_path):
    path = str(tmp_path / "lock")
    with host_lock.held(path, 0, "build"):
        message = f"another build still holds {path} after 0 s. Wait for it, or end the process that `fuser -v {path}`"
        with pytest.raises(TimeoutError, match=message), host_lock.held(path, 0, "build"):
            pass
    with host_lock.held(path, 0, "build"):
        pass
