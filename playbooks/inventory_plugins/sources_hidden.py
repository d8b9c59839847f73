"""Ansible inventory plugin that reads no inventory. Once it is loaded, no error message shows a line of an inventory.

Files with variables hold passwords, and Ansible shows the lines around an error. It has no setting for this, and an
inventory plugin is what it loads first. The error still names the file and the line. Lines of roles and playbooks are
shown as ever.
"""

from __future__ import annotations

DOCUMENTATION = r"""
name: sources_hidden
short_description: Errors show no line of an inventory
description: Reads nothing. Once it is loaded, errors name files and lines, and show those of roles and playbooks alone.
author: Jarvis data tier
"""

from pathlib import Path

from ansible._internal._datatag._tags import Origin
from ansible._internal._errors._error_utils import SourceContext
from ansible._internal._yaml._constructor import AnsibleInstrumentedConstructor
from ansible._internal._yaml._errors import AnsibleYAMLParserError
from ansible.plugins.inventory import BaseInventoryPlugin
from yaml.constructor import ConstructorError

PROJECT = Path(__file__).resolve().parents[2]
WITHOUT_SECRETS = (f"{PROJECT}/roles/", f"{PROJECT}/playbooks/")

shown_with_source = SourceContext.from_origin


def from_origin(origin):
    """Return where an error is; add the lines at this place only if the file holds no secrets."""
    return (
        shown_with_source(origin) if str(origin.path).startswith(WITHOUT_SECRETS) else SourceContext.error(None, origin)
    )


def from_value(value):
    """Return where a value comes from, but never the value itself."""
    if value is None:
        return None
    return from_origin(value if isinstance(value, Origin) else Origin.get_tag(value) or Origin.UNKNOWN)


def with_place(error):
    """Return what is wrong with a YAML file, and where. For files beside the hosts, Ansible leaves this out."""
    return f"{error._message} It is in {error.obj}."


def refuse_tag(_constructor, _suffix, node):
    """Refuse an unknown tag, which Ansible would name: it may be the beginning of a password."""
    raise ConstructorError(None, None, "a value that begins with ! needs quotes", node.start_mark)


SourceContext.from_origin, SourceContext.from_value = from_origin, from_value
AnsibleYAMLParserError._original_message = property(with_place)
AnsibleInstrumentedConstructor.add_multi_constructor("!", refuse_tag)


class InventoryModule(BaseInventoryPlugin):
    """The plugin."""

    NAME = "sources_hidden"

    def verify_file(self, path):
        """Leave every file to the other inventory plugins."""
        del path
        return False
