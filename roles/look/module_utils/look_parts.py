"""Observe all parts of a host, and use its servers as an application does."""

from __future__ import annotations

import functools

from ansible.module_utils import (
    look_engine,
    look_files,
    look_host,
    look_postgres,
    look_probe,
    look_record,
    look_redis,
)

SECRETS = "/etc/jarvis/secrets"
# Redis is asked for its settings as the first of these users that has a password.
ADMINISTRATORS = ("admin", "default")


def log_ins(accounts):
    """Return {name: name of the secret} of the accounts that log in with a password."""
    return {account["name"]: account["secret"] for account in accounts if account.get("secret")}


def observe_postgres(facts, server, accounts, given):
    """Note the facts of a PostgreSQL server."""
    look_postgres.observe(
        facts, server["container"], server["socket_folder"], given["database"], sorted(log_ins(accounts))
    )


def observe_redis(facts, server, accounts, _given):
    """Note the facts of a Redis server."""
    found = log_ins(accounts)
    user = next(name for name in ADMINISTRATORS if name in found)
    with open(f"{SECRETS}/{found[user]}", encoding="utf-8") as stream:
        password = stream.read().rstrip("\n")
    look_redis.observe(facts, server["container"], user, password, f"{look_files.DATA}/{server['name']}/data")


KINDS = {"postgres": (observe_postgres, look_probe.postgres), "redis": (observe_redis, look_probe.redis_key)}


def addresses_of(server, accounts):
    """Return the variables in the client settings that hold the addresses of a server's first client."""
    variable = server["client_variable"]
    of_sockets = {account.get("variable"): account.get("socket_variable") for account in accounts}
    return [variable, *filter(None, [of_sockets.get(variable)])]


def probe(facts, server, accounts):
    """Use a server as an application does, and note a doubt if that fails."""
    for variable in addresses_of(server, accounts):
        problem = KINDS[server["kind"]][1](look_probe.settings()[variable])
        if problem:
            facts.doubt(f"{server['container']}, asked as an application does at {variable}: {problem}")
            return


def parts_of(given):
    """Return {part: function that notes its facts}, in the order in which the parts are looked at."""
    containers = [server["container"] for server in given["data"]]
    parts = {
        "the host": lambda facts: look_host.observe(facts, given["packages"], given["renew_days"]),
        "the files": lambda facts: look_files.observe(facts, given["files"]),
        "the engine": lambda facts: look_engine.observe(facts, containers, given["images"]),
    }
    for server in given["data"]:
        parts[server["container"]] = functools.partial(observe_server, server=server, given=given)
    return parts


def observe_server(facts, server, given):
    """Note what a server says about itself."""
    KINDS[server["kind"]][0](facts, server, given["accounts"][server["name"]], given)


def observe(given, key):
    """Return {part: C(Facts)}. A part that cannot be observed has a doubt."""
    found = {}
    for part, look in parts_of(given).items():
        found[part] = look_record.Facts(key)
        try:
            look(found[part])
        except Exception as error:
            # The reason does not matter here: the roles will run, and report it better.
            found[part].complete = False
            found[part].doubt(f"{part} cannot be looked at: {' '.join(str(error).split()) or type(error).__name__}")
    # Passwords are sent only if there is no doubt about the servers that will receive them.
    if not any(facts.doubts for facts in found.values()):
        for server in given["data"]:
            probe(found[server["container"]], server, given["accounts"][server["name"]])
    return found
