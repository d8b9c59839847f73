"""Parts of a connection address."""

from __future__ import annotations

from urllib.parse import quote

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}


def url_part(text):
    """Return C(text) percent-encoded for any part of a URL (RFC 3986, section 2.1)."""
    return quote(str(text), safe="")


def reachable_host(address):
    """Return the host part of a URL that reaches a server bound to C(address) from its own host."""
    if address in WILDCARDS:
        return WILDCARDS[address]
    return f"[{address}]" if ":" in address else address


class FilterModule:
    """Filters for connection addresses."""

    def filters(self):
        """Return the filters by name."""
        return {"url_part": url_part, "reachable_host": reachable_host}
