"""Text files of a host: read, written as a whole, and shown as Ansible shows what differs."""

from __future__ import annotations

import os
import tempfile


def read(path):
    """Return the text of a file, None when there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def write(module, path, text, approve=None):
    """Replace a file in one step, so that there is always either the old or the new one. Owner and mode stay.

    C(approve) is called first, with the path of the new file, and may end the module.
    """
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path))
    module.add_cleanup_file(temporary)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    if approve:
        approve(temporary)
    module.atomic_move(temporary, path)


def difference(path, before, after):
    """Return a difference, of a text or of attributes, under the name of the file."""
    return {"before": before, "after": after, "before_header": path, "after_header": path}
