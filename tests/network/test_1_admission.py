"""PostgreSQL itself admits the networks that the inventory allows, and rejects everybody else."""

from __future__ import annotations


def test_allowed_networks_are_admitted_and_nobody_else(deploy, rules):
    assert deploy(postgres_allowed_networks=["192.0.2.0/24"]).code == 0
    assert rules() == [
        "local postgres peer",
        "local all reject",
        "host jarvis,jarvis_readonly samenet scram-sha-256",
        "host jarvis,jarvis_readonly 192.0.2.0 255.255.255.0 scram-sha-256",
        "host all all reject",
        "host all all reject",
    ]
