"""What a running Redis says about its data, settings and users, and whether it could write."""

from __future__ import annotations

from ansible.module_utils import data_files
from ansible.module_utils.redis_container import log_in, running_container

NETWORK = "jarvis"
WRITES = ["aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status"]
OF_SERVER = ["redis_version", "redis_mode", "role", "aof_enabled"]
SECRETS = ("pass", "auth")  # in the names of settings


def observe(facts, name, user, password, data_folder):
    """Note a server; C(user) may ask for settings and users. Raises OSError or redis.RedisError."""
    facts.note(f"{name}: data", identity=data_files.redis_content(data_folder).identity)
    container = running_container(name, NETWORK)
    if container is None:
        raise OSError(f"{name} does not run")
    client = log_in(container, user, [password])
    try:
        told = client.info()
        facts.note_all(f"{name}: server", {key: told.get(key) for key in OF_SERVER})
        for key in WRITES:
            if told.get(key) != "ok":
                facts.doubt(f"{name}: {key} is {told.get(key)}")
        for setting, value in client.config_get("*").items():
            keep = facts.note_secret if any(word in setting for word in SECRETS) else facts.note
            keep(f"{name}: setting {setting}", value=value)
        for line in client.execute_command("ACL LIST"):
            # The server lists the commands in another order after each start.
            facts.note_secret(f"{name}: user {line.split()[1]}", rules=" ".join(sorted(line.split())))
    finally:
        client.connection_pool.disconnect()
