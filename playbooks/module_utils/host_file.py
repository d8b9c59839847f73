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
    """Replace a file at once, so that it is either the old or the new one, and leave owner and mode as they were.

    C(approve) is called with the path of the new one before, and may end the module.
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
