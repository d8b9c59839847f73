"""Let the playbooks of the tests share the modules that Ansible has packed once, compiled."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import marshal
import os
import zipfile
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

from ansible import constants
from ansible.executor import module_common
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: packed_modules
type: aggregate
short_description: Share packed modules between playbooks
description:
  - Ansible packs each module with all that it imports, anew for every playbook, and the host compiles that on every
    call. Together these are more than a third of what a deployment of a test host costs.
  - Here it finds the modules in a folder that all playbooks share, with each source's bytecode beside it. A host whose
    Python is another than the controller's compiles the source, as always.
  - That folder is another one as soon as a file of a role or a package changes.
"""

PROJECT = Path(__file__).parents[3]
UNCHECKED = (1).to_bytes(4, "little")  # bytecode that is never compared with its source, says PEP 552


def sources():
    """Return what the packed modules depend on: the packages, and the last change of each of our files."""
    digest = hashlib.sha256((PROJECT / "requirements-test.txt").read_bytes())
    for path in sorted([*PROJECT.glob("roles/*/*/**/*.py"), *PROJECT.glob("playbooks/*/*.py")]):
        state = path.stat()
        digest.update(f"{path} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def with_bytecode(archive):
    """Return a zip archive, as bytes, with the bytecode of each Python source beside it."""
    content = io.BytesIO(archive)
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as members:
        for name in sorted(name for name in members.namelist() if name.endswith(".py")):
            source = members.read(name)
            code = marshal.dumps(compile(source, name, "exec", dont_inherit=True))
            members.writestr(f"{name}c", MAGIC_NUMBER + UNCHECKED + source_hash(source) + code)
    return content.getvalue()


pack = module_common._CachedModule.dump


def pack_with_bytecode(module, path):
    """Keep a module that Ansible has packed, with its bytecode."""
    archive = with_bytecode(base64.b64decode(module.zip_data))
    pack(dataclasses.replace(module, zip_data=base64.b64encode(archive)), path)


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
        module_common._CachedModule.dump = pack_with_bytecode
