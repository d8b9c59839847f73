"""Ansible filters: the accounts of the servers, ours and those that an inventory adds, and what follows from them.

An account is a dictionary with a name. If it logs in with a password, it also has a secret: the password's name on the
host. If clients are told its address, it has the variable of the client settings that holds the address, and another
variable for the address of the socket. If its password can be rotated, it has the word that asks for that.
"""

from __future__ import annotations


def added_accounts(entries, server, prefix):
    """Return the accounts that C(entries) of an inventory add to a server.

    Their variables begin with C(prefix), as in C(DATABASE_REPORTING_URL). Anything that is not an entry with a name is
    left out here; preflight's check of types reports it.
    """
    entries = entries if isinstance(entries, list) else []
    return [
        {
            "name": entry["name"],
            "added": True,
            "secret": f"{server}_{entry['name']}_password",
            "variable": f"{prefix}_{str(entry['name']).upper()}_URL",
            "word": entry["name"],
        }
        for entry in entries
        if isinstance(entry, dict) and "name" in entry
    ]


def account_passwords(accounts, secrets):
    """Return {name: password} of accounts; C(secrets) are by the name of the secret."""
    return {account["name"]: secrets[account["secret"]] for account in accounts}


def account_secrets(accounts):
    """Return the names of the accounts' secrets."""
    return [account["secret"] for account in accounts if "secret" in account]


def socket_accounts(accounts, enabled):
    """Return accounts; if C(enabled), with a variable for the socket beside each one, as C(DATABASE_SOCKET_URL)."""
    if not enabled:
        return accounts
    return [
        {**account, "socket_variable": account["variable"].removesuffix("_URL") + "_SOCKET_URL"}
        if "variable" in account
        else account
        for account in accounts
    ]


def account_variables(accounts, kind="variable"):
    """Return {name: variable in the client settings} of the accounts that clients use; C(kind) as in an account."""
    return {account["name"]: account[kind] for account in accounts if kind in account}


def secrets_by_word(accounts):
    """Return {word: [secret]} of the secrets that can be rotated; the word C(all) has them all."""
    words = {}
    for account in accounts:
        if "word" in account:
            words.setdefault(account["word"], []).append(account["secret"])
    return {**words, "all": [secret for secrets in words.values() for secret in secrets]}


class FilterModule:
    """The filters."""

    def filters(self):
        """Return the filters by name."""
        return {
            "account_passwords": account_passwords,
            "account_secrets": account_secrets,
            "account_variables": account_variables,
            "added_accounts": added_accounts,
            "secrets_by_word": secrets_by_word,
            "socket_accounts": socket_accounts,
        }
