"""Let the playbooks of the tests share the modules that Ansible has packed once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ansible import constants
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: packed_modules
type: aggregate
short_description: Share packed modules between playbooks
description:
  - Ansible packs each module with all that it imports, anew for every playbook, which is a fifth of what a deployment
    of a test host costs. Here it finds them in a folder that all of them share.
  - That folder is another one as soon as a file of a role or a package changes.
"""

PROJECT = Path(__file__).parents[3]


def sources():
    """Return what the packed modules depend on: the packages, and each of our files as it was last written."""
    digest = hashlib.sha256((PROJECT / "requirements.txt").read_bytes())
    for path in sorted(PROJECT.glob("roles/*/*/**/*.py")):
        state = path.stat()
        digest.update(f"{path} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


class CallbackModule(CallbackBase):
    """Put the shared folder where Ansible keeps the modules of one run."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "packed_modules"

    def __init__(self):
        super().__init__()
        shared = PROJECT / ".cache" / "modules" / sources()
        shared.mkdir(parents=True, exist_ok=True)
        os.symlink(shared, os.path.join(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache"))
