"""PostgreSQL itself admits the networks that the inventory allows, and rejects everybody else."""

from __future__ import annotations

RULES = (
    "SELECT concat_ws(' ', type, array_to_string(user_name, ','), address, netmask, auth_method)"
    " FROM pg_hba_file_rules ORDER BY line_number"
)
LOG_IN_UNENCRYPTED = """
import os, psycopg2, redis
assert not psycopg2.connect(os.environ["DATABASE_URL"], sslmode="disable").info.ssl_in_use
assert os.environ["REDIS_URL"].startswith("redis://") and redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
"""


def test_allowed_networks_are_admitted_and_nobody_else(deploy, host):
    assert deploy(postgres_allowed_networks=["192.0.2.0/24"]).code == 0
    assert host.sql(RULES).splitlines() == [
        "local postgres peer",
        "local jarvis_migrator peer",
        "local jarvis_migrator peer",
        "local jarvis,jarvis_readonly scram-sha-256",
        "local all reject",
        "host jarvis,jarvis_readonly samenet scram-sha-256",
        "host jarvis,jarvis_readonly 192.0.2.0 255.255.255.0 scram-sha-256",
        "host all all reject",
        "host all all reject",
    ]


def test_encryption_is_turned_on_and_off_without_loss(deploy, play, host):
    host.sql("INSERT INTO public.agent_state (key, value) VALUES ('network', '{}')")
    host.redis("SET network kept")
    before = host.containers()
    assert deploy(tls_enabled=True).code == 0
    # PostgreSQL needs a reload for this. Redis needs a new container, because its health check has to use TLS.
    assert host.containers()["/jarvis-postgres"] == before["/jarvis-postgres"]
    run = play("playbooks/verify.yml")
    assert run.code == 0
    assert "certificate of jarvis-postgres: 824 days left; certificate of jarvis-redis: 824 days left" in run.text
    assert host.sql(RULES).splitlines() == [
        "local postgres peer",
        "local jarvis_migrator peer",
        "local jarvis_migrator peer",
        "local jarvis,jarvis_readonly scram-sha-256",
        "local all reject",
        "host jarvis 127.0.0.1 255.255.255.255 scram-sha-256",
        "hostnossl all all reject",
        "hostssl jarvis,jarvis_readonly samenet scram-sha-256",
        "host all all reject",
        "host all all reject",
    ]
    assert deploy().code == 0
    assert host.containers()["/jarvis-postgres"] == before["/jarvis-postgres"]
    host.run(f"set -a; . /etc/jarvis/jarvis.env; python3 -c '{LOG_IN_UNENCRYPTED}'")
    assert host.sql("SELECT count(*) FROM public.agent_state WHERE key = 'network'") == "1"
    assert host.redis("GET network") == "kept"
