"""Ansible lookup: which tags that a person asks for do not exist."""

from __future__ import annotations

DOCUMENTATION = r"""
name: unknown_tags
short_description: Tags that no task of the playbooks has
description:
  - A run with a tag that nothing has does next to nothing, and ends well.
options:
  _terms:
    description: Tags.
    required: true
author: Jarvis data tier
"""

EXAMPLES = r"""
msg: "{{ query('unknown_tags', *ansible_run_tags) }}"
"""

RETURN = r"""
_raw:
  description: Those of the tags that mean nothing.
  type: list
"""

import re
from pathlib import Path

import yaml
from ansible.plugins.lookup import LookupBase

SITE = Path(__file__).parents[3] / "playbooks/site.yml"
VERIFY = SITE.with_name("verify.yml")
OF_MOLECULE = re.compile(r"(molecule-.*)?notest")  # molecule adds these to skip tasks in every run
OF_ANSIBLE = {"all", "tagged", "untagged", "always", "never"}


def tags_of(node):
    """Yield every tag in a parsed playbook."""
    if isinstance(node, dict):
        tags = node.get("tags", [])
        yield from [tags] if isinstance(tags, str) else tags
        for value in node.values():
            yield from tags_of(value)
    elif isinstance(node, list):
        for item in node:
            yield from tags_of(item)


def known_tags():
    """Return the tags of a deployment; all of them stand in its playbooks."""
    return {tag for path in (SITE, VERIFY) for tag in tags_of(yaml.safe_load(path.read_text(encoding="utf-8")))}


class LookupModule(LookupBase):
    """The lookup."""

    def run(self, terms, variables=None, **kwargs):
        """Return the tags that do not exist."""
        return sorted(tag for tag in set(terms) - known_tags() - OF_ANSIBLE if not OF_MOLECULE.fullmatch(tag))
