"""Ansible filter: what is wrong with the values of an inventory, a sentence each with the variable and the remedy."""

from __future__ import annotations

import ipaddress
import itertools
import re
import stringprep

# PostgreSQL cuts longer names: https://www.postgresql.org/docs/16/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
IDENTIFIER_LIMIT = 63
# SASLprep does not know these code points (emoji among them) or forbids them:
# https://www.rfc-editor.org/rfc/rfc4013#section-2.3
WITHOUT_NORMAL_FORM = (
    stringprep.in_table_a1,
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)
IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")
# These words have a meaning of their own in places where names of roles and users stand.
RESERVED = {"all", "none", "public"}
# Commands and categories only: https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/
PERMISSION = re.compile(r"[+-](@[a-z]+|[a-z_.-]+(\|[a-z_-]+)?)")


def identifier_problems(identifiers):
    """Yield a problem for each value of C(identifiers) {variable: name} that needs quoting in SQL."""
    for variable, name in ((variable, str(name)) for variable, name in identifiers.items()):
        if not IDENTIFIER.fullmatch(name) or len(name) > IDENTIFIER_LIMIT:
            yield (
                f"{variable} is {name!r}, which is no plain SQL identifier. Use lower-case letters, digits "
                f"and underscores, starting with a letter, at most {IDENTIFIER_LIMIT} characters."
            )


def permission_problems(permissions):
    """Yield a problem for each of C(permissions) {variable: [permission, ...]} that gives or takes no command.

    Such a list must not change anything else in the server's access list, such as passwords and key patterns.
    """
    for variable, given in permissions.items():
        for permission in given:
            if not PERMISSION.fullmatch(permission):
                yield (
                    f"{variable} holds {permission!r}, which gives or takes no command of Redis. Write each as "
                    "+command, -command, +command|subcommand or +@category."
                )


def entry_problems(entries):
    """Yield a problem for each option of C(entries) {variable: [entry, ...]} of roles and users that is not usable."""
    for variable, listed in entries.items():
        for entry in listed:
            for option in sorted({"keys", "channels", "permissions"} & entry.keys()):
                if not isinstance(entry[option], list):
                    yield f"{variable}: {option} of {entry['name']} is {entry[option]!r}, which is no list."
                elif option == "permissions":
                    yield from permission_problems({variable: entry[option]})
                else:
                    yield from pattern_problems(variable, entry[option])
            if "timezone" in {str(name).lower() for name in entry.get("settings") or {}}:
                yield f"{variable}: the settings of {entry['name']} have a time zone. All times are kept in UTC."


def pattern_problems(variable, patterns):
    """Yield a problem for each pattern of keys or channels that is not exactly one word, as a rule needs it."""
    for pattern in map(str, patterns):
        if not pattern or not pattern.isprintable() or " " in pattern:
            yield f"{variable} holds the pattern {pattern!r}. Write one without spaces, such as queue:*."


def account_problems(accounts):
    """Yield a problem for each added account among C(accounts) {variable: [account, ...]} whose name cannot be used.

    Our own accounts are among C(accounts), so that no added one takes the place of their addresses, secrets or words of
    rotation.
    """
    own = [account for listed in accounts.values() for account in listed if "added" not in account]
    words = {account["word"] for account in own if "word" in account} | RESERVED
    for variable, listed in accounts.items():
        added = [account for account in listed if "added" in account]
        taken = [account for account in listed if "added" not in account]
        for account in added:
            name = account["name"]
            plain = isinstance(name, str) and IDENTIFIER.fullmatch(name) and len(name) <= IDENTIFIER_LIMIT
            if not plain or name.startswith("pg_"):
                yield (
                    f"{variable} holds the name {name!r}. Use a text of lower-case letters, digits and underscores "
                    f"that begins with no digit and not with pg_, at most {IDENTIFIER_LIMIT} characters."
                )
            elif (
                name in words
                or any(account[key] == other.get(key) for other in taken for key in ("name", "secret"))
                or variables_of(account) & set().union(*map(variables_of, taken))
            ):
                yield f"{variable} holds the name {name!r}, which is taken: give each another one."
            taken.append(account)


def variables_of(account):
    """Return the variables in the client settings that hold an account's addresses."""
    return {account[key] for key in ("variable", "socket_variable") if key in account}


def password_problems(passwords):
    """Yield a problem for each value of C(passwords) {variable: password or None} that cannot be used.

    None means that no password is given, which is fine: one is generated. The password itself is never in the text.
    """
    given = ((variable, str(password)) for variable, password in passwords.items() if password is not None)
    for variable, password in given:
        if not password.strip():
            yield (
                f"{variable} is empty or only white space. Give a password, or remove the variable to have one "
                "generated."
            )
        elif password != password.strip():
            yield f"{variable} begins or ends with white space, which is easily lost on the way. Remove it."
        elif not password.isprintable():
            yield f"{variable} holds a line break or another control character. Use printable characters only."
        elif not has_normal_form(password):
            yield (
                f"{variable} holds an emoji or another character that programs compare differently (SASLprep), "
                "or mixes letters written to the left and to the right. Use letters of one direction, digits and "
                "signs."
            )


def has_normal_form(password):
    """Return whether SASLprep, by which PostgreSQL and its clients compare passwords, accepts C(password)."""
    if any(table(character) for character in password for table in WITHOUT_NORMAL_FORM):
        return False
    # https://www.rfc-editor.org/rfc/rfc3454#section-6
    to_the_left = [stringprep.in_table_d1(character) for character in password]
    return not any(to_the_left) or (
        to_the_left[0] and to_the_left[-1] and not any(map(stringprep.in_table_d2, password))
    )


def is_ipv4(address):
    """Return whether C(address) is the text of an IPv4 address."""
    try:
        ipaddress.IPv4Address(address)
    except ValueError:
        return False
    return True


def address_problems(servers, tls_enabled):
    """Yield a problem for each of C(servers) [{name, address, networks, ...}] with an unusable address."""
    for server in servers:
        bound = f"{server['name']}_bind_address is {server['address']!r}"
        if not is_ipv4(server["address"]):
            yield (
                f"{bound}, which is no IPv4 address. Use one: the engine publishes no other without its proxy, which "
                "costs two thirds of the throughput."
            )
        elif not ipaddress.IPv4Address(server["address"]).is_loopback:
            if not tls_enabled:
                yield (
                    f"{bound}, which others can reach, and tls_enabled is false. Remove tls_enabled, or bind the "
                    "server to 127.0.0.1."
                )
            if not server["networks"]:
                yield (
                    f"{bound}, but {server['name']}_allowed_networks is empty, so nobody else would be let in. List "
                    "the networks of the clients there, such as [10.0.0.0/24], or bind the server to 127.0.0.1."
                )


def network_problems(servers):
    """Yield a problem for each invalid network of C(servers) [{name, networks, ...}].

    PostgreSQL and the kernel's packet filter understand only the plain form, so no other is accepted.
    """
    for server in servers:
        variable, networks = f"{server['name']}_allowed_networks", server["networks"]
        if not isinstance(networks, list):
            yield f"{variable} is {networks!r}, which is no list. Write a list of networks, such as [10.0.0.0/24]."
            continue
        for network in networks:
            try:
                plain = str(ipaddress.IPv4Network(network, strict=False))
            except ValueError:
                plain = None
            if plain != network:
                yield (
                    f"{variable} holds {network!r}, which is no IPv4 network. "
                    f"Write it as address and prefix length, such as {plain or '10.0.0.0/24'}."
                )


def same_port_problems(servers):
    """Yield a problem if two of C(servers) [{name, address, port, ...}] are bound to the same address and port."""
    for one, other in itertools.combinations(servers, 2):
        if (one["address"], int(one["port"])) == (other["address"], int(other["port"])):
            yield f"{one['name']}_port and {other['name']}_port are both {one['port']}. Give each a port of its own."


def input_problems(given):
    """Return the problems of values that the wiring has put together.

    C(given) holds identifiers {variable: name}, permissions {variable: [permission]}, passwords {variable: password or
    None}, servers [{name, address, port, networks}], accounts {variable: [account]}, entries {variable: [entry]}, and
    tls_enabled.
    """
    return [
        *identifier_problems(given["identifiers"]),
        *permission_problems(given["permissions"]),
        *account_problems(given["accounts"]),
        *entry_problems(given["entries"]),
        *password_problems(given["passwords"]),
        *address_problems(given["servers"], given["tls_enabled"]),
        *network_problems(given["servers"]),
        *same_port_problems(given["servers"]),
    ]


class FilterModule:
    """The filter."""

    def filters(self):
        """Return the filter by name."""
        return {"input_problems": input_problems}
