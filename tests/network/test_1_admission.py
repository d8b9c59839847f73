"""PostgreSQL itself admits the networks that the inventory allows, and rejects everybody else."""

from __future__ import annotations

RULES = (
    "SELECT concat_ws(' ', type, array_to_string(user_name, ','), address, netmask, auth_method)"
    " FROM pg_hba_file_rules ORDER BY line_number"
)


def test_allowed_networks_are_admitted_and_nobody_else(deploy, host):
    assert deploy(postgres_allowed_networks=["192.0.2.0/24"]).code == 0
    assert host.sql(RULES).splitlines() == [
        "local postgres peer",
        "local all reject",
        "host jarvis,jarvis_readonly samenet scram-sha-256",
        "host jarvis,jarvis_readonly 192.0.2.0 255.255.255.0 scram-sha-256",
        "host all all reject",
        "host all all reject",
    ]
