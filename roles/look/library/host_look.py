#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: whether a host is still what its last proven deployment left."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_look
short_description: Tell whether a host is still what its last proven deployment left
description:
  - Observes the files, the engine, its network and containers, the packet filter, what the servers say of themselves,
    and whether an application can write and read back, and compares all of it with the record on the host.
  - Never fails. What cannot be observed counts as a difference.
  - Run it with C(no_log), since its result holds the key of the record.
  - A comparison returns the arguments with which the host can be recorded later.
options:
  state:
    description:
      - V(compared) compares. Where something differs, it removes the record, so that a run that is interrupted, fails
        or is not proven leaves none.
      - V(recorded) records what it observes.
    type: str
    choices: [compared, recorded]
    default: compared
  wanted:
    description:
      - Digests of everything that the deployment wants, by name. The action plugin fills this in for V(compared).
      - Without it, what is wanted is not compared.
    type: dict
  key:
    description: The key of the record that is to be made. A comparison takes the key that the host has.
    type: str
  full:
    description: Compare nothing, and report that everything is to be done.
    type: bool
    default: false
  data:
    description: Servers of the host, as the module C(server_data) takes them.
    type: list
    elements: dict
    required: true
  accounts:
    description: Accounts of each server, by its name.
    type: dict
    required: true
  database:
    description: Database of the application.
    type: str
    required: true
  images:
    description: Names of images.
    type: list
    elements: str
    default: []
  packages:
    description: Debian packages.
    type: list
    elements: str
    default: []
  files:
    description: Further files of the host.
    type: list
    elements: str
    default: []
  renew_days:
    description: A certificate with fewer days left counts as a difference. Not given where there is no TLS.
    type: int
attributes:
  check_mode:
    support: full
    description: Compares, and keeps the record as it is.
author: Jarvis data tier
"""

EXAMPLES = r"""
- name: See whether anything differs from what was proven
  host_look:
    data: "{{ data_servers }}"
    accounts: {postgres: [], redis: [{name: admin, secret: redis_admin_password}]}
    database: jarvis
  register: look
  no_log: true
"""

RETURN = r"""
unchanged:
  description: Whether nothing differs, so that there is nothing to do.
  type: bool
  returned: always
differences:
  description: What differs, or could not be observed, a sentence each; empty where nothing was compared.
  type: list
  elements: str
  returned: always
  sample: ["file /etc/jarvis/redis/redis.conf: mode is 0666, was 0644"]
recorded:
  description: Whether there is a record when the module ends.
  type: bool
  returned: always
facts:
  description: How many facts were observed.
  type: int
  returned: always
proven:
  description: When the recorded deployment was proven, in UTC; empty without a record.
  type: str
  returned: always
to_record:
  description: Arguments with which the same is looked at for V(recorded), key and wanted digests included.
  type: dict
  returned: for a comparison
"""

import time

from ansible.module_utils import look_parts, look_record
from ansible.module_utils.basic import AnsibleModule

ARGUMENTS = {
    "state": {"type": "str", "choices": ["compared", "recorded"], "default": "compared"},
    "wanted": {"type": "dict", "no_log": True},
    "key": {"type": "str", "no_log": True},
    "full": {"type": "bool", "default": False},
    "data": {"type": "list", "elements": "dict", "required": True},
    "accounts": {"type": "dict", "required": True},
    "database": {"type": "str", "required": True},
    "images": {"type": "list", "elements": "str", "default": []},
    "packages": {"type": "list", "elements": "str", "default": []},
    "files": {"type": "list", "elements": "str", "default": []},
    "renew_days": {"type": "int"},
}
LOOKED_AT = ["data", "accounts", "database", "images", "packages", "files", "renew_days"]
SHOWN = 60  # differences; a missing container is one of them, but another database brings hundreds


def shortened(differences):
    """Return the differences; if there are too many, the first ones and how many more there are."""
    more = len(differences) - SHOWN
    return differences if more <= 0 else [*differences[:SHOWN], f"and {more} more"]


def record_host(given, key):
    """Observe the host and record it. If there is any doubt, nothing is recorded."""
    found = look_parts.observe(given, key)
    doubts = [doubt for facts in found.values() for doubt in facts.doubts]
    proven = ""
    if not doubts:
        proven = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        facts = {part: facts.of for part, facts in found.items()}
        look_record.write({"key": key, "wanted": given["wanted"], "facts": facts, "proven": proven})
    return {
        "recorded": not doubts,
        "unchanged": False,
        "differences": doubts,
        "facts": sum(facts.count for facts in found.values()),
        "proven": proven,
    }


def differences_from(record, wanted, given):
    """Return what differs from a record, and how many facts were observed: none if already something else is wanted."""
    differing = look_record.differences(record["wanted"], wanted) if wanted else []
    if differing:
        return differing, 0
    found = look_parts.observe(given, record["key"])
    count = sum(facts.count for facts in found.values())
    machine = found["the host"].of.get("host", {}).get("machine")
    if machine and record["facts"]["the host"]["host"]["machine"] != machine:
        # A comparison would report every fact.
        return ["the record is of another host"], count
    return look_record.differences_by_part(record["facts"], found), count


def compare_host(given, key, record):
    """Compare what is wanted, then the host, with the record. Without one, nothing is compared."""
    digest = look_record.Facts(key).digest
    wanted = {what: {"value": digest(value)} for what, value in (given["wanted"] or {}).items()}
    to_record = {**{name: given[name] for name in LOOKED_AT}, "state": "recorded", "key": key, "wanted": wanted}
    differing, count = [], 0
    is_compared = record is not None and not given["full"]
    if is_compared:
        try:
            differing, count = differences_from(record, wanted, given)
        except Exception as error:
            # Somebody may have edited the record in any way.
            differing = [f"the record cannot be compared: {error!r}"]
    return {
        "unchanged": is_compared and not differing,
        "differences": shortened(differing),
        "facts": count,
        "proven": record["proven"] if record else "",
        "to_record": to_record,
    }


def main():
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    given = module.params
    record = look_record.read()
    key = given["key"] or (record["key"] if record else look_record.new_key())
    if given["state"] == "recorded":
        module.exit_json(changed=False, **record_host(given, key))
    result = compare_host(given, key, record)
    if given["wanted"] and not result["unchanged"] and not module.check_mode:
        look_record.forget()
        record = None
    module.exit_json(changed=False, recorded=record is not None, **result)


if __name__ == "__main__":
    main()
