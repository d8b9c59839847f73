"""What is wanted of the host, and what was recorded of it."""

from __future__ import annotations

import json

RECORD = "/etc/jarvis/state/look.json"
WANTED = {"tls_enabled": True}
NOTHING = "Nothing to do."


def recorded_facts(host):
    """Return the recorded facts as {"subject: aspect": value}, empty without a record."""
    text = host.run(f"cat {RECORD}", check=False).stdout
    facts = json.loads(text)["facts"] if text else {}
    return {
        f"{subject}: {aspect}": value
        for part in facts.values()
        for subject, of in part.items()
        for aspect, value in of.items()
    }
