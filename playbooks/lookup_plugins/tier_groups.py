"""Ansible lookup: the groups of the tier, for the hosts of a play, which are chosen before it has variables."""

from __future__ import annotations

DOCUMENTATION = r"""
name: tier_groups
short_description: The inventory groups whose hosts carry a server of the tier
description:
  - A server has a file in C(playbooks/wiring/vars/main), with its entry C(tier_server_<name>), and its hosts are in the
    group of that name.
author: Jarvis data tier
"""

EXAMPLES = r"""
hosts: "{{ query('tier_groups') }}"
"""

RETURN = r"""
_raw:
  description: Names of groups.
  type: list
  sample: [postgres, redis]
"""

import re
from pathlib import Path

from ansible.plugins.lookup import LookupBase

ENTRIES = Path(__file__).parents[1] / "wiring/vars/main"
ENTRY = re.compile(r"^tier_server_(\w+):", re.MULTILINE)


class LookupModule(LookupBase):
    """The lookup."""

    def run(self, terms, variables=None, **kwargs):
        """Return the names of the groups, in the order of their files."""
        return [name for path in sorted(ENTRIES.glob("*.yml")) for name in ENTRY.findall(path.read_text())]
