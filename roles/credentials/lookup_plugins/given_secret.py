"""Ansible lookup: a secret that is not in the inventory, but given by the person who runs Ansible."""

from __future__ import annotations

DOCUMENTATION = r"""
name: given_secret
short_description: A secret that was given beside the inventory
description:
  - C(./jarvis) hands secrets on in a nameless file, so that no program that Ansible starts has them in its environment.
    Without C(./jarvis), they are read from the environment.
options:
  _terms:
    description: Names as in the environment, such as JARVIS_POSTGRES_PASSWORD.
    required: true
author: Jarvis data tier
"""

EXAMPLES = r"""
credentials_postgres_password: "{{ lookup('given_secret', 'JARVIS_POSTGRES_PASSWORD') }}"
"""

RETURN = r"""
_raw:
  description: The values; null for one that is not given or empty.
  type: list
"""

import os

from ansible.plugins.lookup import LookupBase

# The number of an open file that holds NAME=value several times, each ended by NUL.
HANDED_ON = "JARVIS_SECRETS_FD"


def given_secrets(environment):
    """Return the secrets that were given, by name."""
    if HANDED_ON not in environment:
        return environment
    descriptor = int(environment[HANDED_ON])
    # Read from the beginning: another process may have read the file already.
    content = os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode()
    return dict(line.split("=", 1) for line in content.split("\0") if line)


class LookupModule(LookupBase):
    """The lookup."""

    def run(self, terms, variables=None, **kwargs):
        """Return the value of each name."""
        given = given_secrets(os.environ)
        return [given.get(name) or None for name in terms]
