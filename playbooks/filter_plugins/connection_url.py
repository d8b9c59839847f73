"""Ansible filters: the addresses at which clients find the servers."""

from __future__ import annotations

from urllib.parse import quote

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}


def reachable_host(address):
    """Return the host part of a URL that reaches a server bound to C(address) from its own host."""
    if address in WILDCARDS:
        return WILDCARDS[address]
    return f"[{address}]" if ":" in address else address


def account_urls(accounts, secrets, scheme, rest, kind="variable"):
    """Return {variable: address} of the accounts that clients use.

    C(secrets) is a dictionary by the name of the secret. Every address ends with C(rest), which begins with the host.
    C(kind) says which of an account's variables is meant.
    """
    return {
        account[kind]: f"{scheme}://{account['name']}:{quote(secrets[account['secret']], safe='')}@{rest}"
        for account in accounts
        if kind in account
    }


class FilterModule:
    """Filters for connection addresses."""

    def filters(self):
        """Return the filters by name."""
        return {"account_urls": account_urls, "reachable_host": reachable_host}
