"""Ansible lookup: which variables hold a template that cannot be evaluated."""

from __future__ import annotations

DOCUMENTATION = r"""
name: unreadable_variables
short_description: Names of variables that cannot be evaluated
description:
  - A password with C({{) or C({%) in it is a template to Ansible, whose error messages quote a part of it. This tells
    the names alone.
options:
  _terms:
    description: Names of variables.
    required: true
author: Jarvis data tier
"""

EXAMPLES = r"""
msg: "{{ query('unreadable_variables', 'credentials_redis_password') }}"
"""

RETURN = r"""
_raw:
  description: Those of the names whose value cannot be evaluated, or is neither text nor a number.
  type: list
"""

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    """The lookup."""

    def run(self, terms, variables=None, **kwargs):
        """Return the names that cannot be read."""
        return [name for name in terms if not self.is_readable((variables or {}).get(name))]

    def is_readable(self, value):
        """Return whether a value can be evaluated, to a type that a password may have."""
        try:
            return isinstance(self._templar.template(value), (str, int, float, type(None)))
        except AnsibleError:
            return False
