# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible callback: say in one line a host how a run over several hosts ended."""

from __future__ import annotations

import textwrap
from collections import Counter, defaultdict

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: outcome
type: aggregate
short_description: Say in one line a host how a run over several hosts ended
description:
  - Prints below the recap, for each host, whether it is unchanged, what was changed, why it failed or why it was not
    reached. Otherwise these reasons stand anywhere in the output, between those of other hosts.
  - Prints nothing where there is one host alone; what happened to it has just been read.
requirements:
  - Name it in C(callbacks_enabled).
author: Jarvis data tier
"""

REASON_CHARACTERS = 400  # length of a line; the whole text stands above it in the output
COUNTED = ("ok", "failures", "unreachable", "rescued")
NAMED_TASKS = 5  # if more tasks than this changed something, only their roles are named


class CallbackModule(CallbackBase):
    """Collects what happened to each host while the playbook runs, and prints it at its end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "outcome"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        """Begin with nothing known of any host."""
        super().__init__()
        self.preview = False
        self.changed = defaultdict(dict)  # {host: {task: None}}, in the order of the run
        self.reasons = {}
        self.items = {}  # {host: why the first item of a loop failed}
        self.stopper = None  # the host that stopped all others

    def v2_playbook_on_play_start(self, play):
        """Remember whether the run is a preview."""
        self.preview = bool(play.check_mode)

    def v2_runner_on_ok(self, result):
        """Remember what was changed."""
        if result.result.get("changed"):
            self.changed[result.host.name][result.task.get_name().strip()] = None

    def v2_runner_item_on_failed(self, result):
        """Remember why an item of a loop failed, because the result of the whole loop does not say it."""
        self.items.setdefault(result.host.name, said(result.result))

    def v2_runner_on_failed(self, result, ignore_errors=False):
        """Remember why a host failed, and whether that stopped the others."""
        host = result.host.name
        reason = self.items.pop(host, None) or said(result.result)
        if not ignore_errors:
            self.reasons[host] = f"{result.task.get_name().strip()}: {reason}"
            if result.task.any_errors_fatal or result.task.run_once:
                self.stopper = host

    def v2_runner_on_unreachable(self, result):
        """Remember why a host was not reached."""
        self.reasons[result.host.name] = said(result.result)

    def v2_playbook_on_stats(self, stats):
        """Print a line a host."""
        # A host whose tasks were all skipped is the controller, on which only the inventory is checked.
        hosts = [host for host in sorted(stats.processed) if any(map(stats.summarize(host).get, COUNTED))]
        if not stats.failures.get(self.stopper):
            self.stopper = None  # its failure was handled by a rescue
        if len(hosts) > 1:
            self._display.banner("HOSTS")
            width = max(map(len, hosts))
            for host in hosts:
                self._display.display(f"{host:{width}} : {self.outcome(host, stats.summarize(host))}")

    def outcome(self, host, summary):
        """Return how the run ended for a host, as text; C(summary) holds its figures of the recap."""
        if summary["unreachable"]:
            return f"not reached: {self.reasons[host]}"
        if summary["failures"]:
            return f"failed: {self.reasons.get(host, 'see above')}"
        if self.stopper:
            return f"stopped, since {self.stopper} failed"
        if self.changed[host]:
            return f"{'would change' if self.preview else 'changed'}: {in_short(list(self.changed[host]))}"
        return "unchanged"


def in_short(tasks):
    """Return the names of tasks as text; if there are many, how many tasks of each role."""
    if len(tasks) <= NAMED_TASKS:
        return ", ".join(tasks)
    roles = Counter(task.partition(" : ")[0] for task in tasks)
    return f"{len(tasks)} tasks: " + ", ".join(f"{role} {count}" for role, count in roles.items())


def said(result):
    """Return what a result says, in one line of a limited length."""
    message = result.get("msg") or "see above"
    if "rc" in result:
        # The command's own words say more than that it failed.
        message = result.get("stderr", "").strip() or result.get("stdout", "").strip() or message
    return textwrap.shorten(" ".join(str(message).split()), REASON_CHARACTERS, placeholder=" …")
