"""Ansible lookup: the values of variables that may be undefined."""

from __future__ import annotations

DOCUMENTATION = r"""
name: given_values
short_description: The values of variables, null for one that is not set
options:
  _terms:
    description: Names of variables, such as credentials_redis_password.
    required: true
author: Jarvis data tier
"""

EXAMPLES = r"""
given: "{{ lookup('given_values', 'credentials_redis_password') }}"
"""

RETURN = r"""
_raw:
  description: One dictionary, value by variable.
  type: list
"""

from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    """The lookup."""

    def run(self, terms, variables=None, **kwargs):
        """Return the values."""
        return [{name: self._templar.template((variables or {}).get(name)) for name in terms}]
