"""A host that is open to its network encrypts from the first moment, with certificates that stay valid."""

from __future__ import annotations

import pytest
from certificates import Authority, pem

SUPPLIED = {
    "tls_ca_path": "/root/supplied/ca.crt",
    "tls_certificate_path": "/root/supplied/server.crt",
    "tls_key_path": "/root/supplied/server.key",
}


@pytest.fixture
def put(host):
    """Return a function that writes a file on the host."""

    def write(path, text, mode="0600"):
        host.run(f"mkdir -p $(dirname {path}) && cat > {path} <<'EOF'\n{text}EOF\nchmod {mode} {path}")

    return write


@pytest.fixture
def supply(put, host):
    """Return a function that puts an old certificate at the paths where the inventory says that one is supplied."""

    def write(authority, certificate, key, key_mode="0600"):
        put("/root/supplied/ca.crt", pem(authority.certificate))
        put("/root/supplied/server.crt", certificate)
        put("/root/supplied/server.key", key, key_mode)
        host.run("touch -d 2020-01-01 /root/supplied/*")

    return write


def test_opening_without_encryption_networks_or_address_is_refused(deploy, host):
    before = host.containers()
    run = deploy(tls_enabled=False, postgres_bind_address="0.0.0.0", redis_bind_address="192.0.2.1")
    assert run.code == 2
    assert "postgres_bind_address is '0.0.0.0', which others can reach, and tls_enabled is false." in run.text
    assert "postgres_bind_address is '0.0.0.0', but postgres_allowed_networks is empty" in run.text
    run = deploy(redis_bind_address="192.0.2.1", redis_allowed_networks=["192.0.2.0/24"])
    assert run.code == 2
    assert "redis_bind_address is 192.0.2.1, which is no address of this host." in run.text
    assert host.containers() == before


def test_preview_of_opening_says_what_would_be_done(deploy, host, opened):
    before = host.containers()
    run = deploy("--check", "--diff", **opened)
    assert run.code == 0
    assert "+ssl = 'on'" in run.text
    assert host.containers() == before


def test_open_host_passes_verification_and_a_second_run_changes_nothing(deploy, play, opened):
    assert deploy(**opened).code == 0
    run = play("playbooks/verify.yml")
    assert run.code == 0
    assert "certificate of jarvis-postgres: 824 days left; certificate of jarvis-redis: 824 days left" in run.text
    run = deploy(**opened)
    assert run.code == 0
    assert run.count("changed") == 0
    assert run.count("ok") <= 30
    run = deploy("--check", "--diff", **opened)
    assert run.code == 0
    assert run.count("changed") == 0


def test_neighbour_comes_in_encrypted_alone_and_knows_the_server(neighbour):
    assert neighbour() == {"postgres": "accepted", "redis": "accepted"}
    plain = neighbour(encrypted=False)
    assert "no encryption" in plain["postgres"]
    assert plain["redis"] != "accepted"
    other = neighbour(authority=pem(Authority.make("another").certificate))
    assert "certificate verify failed" in other["postgres"]
    assert "certificate verify failed" in other["redis"].lower()


def test_neighbour_of_another_network_is_dropped_and_would_be_rejected_by_postgresql(deploy, host, neighbour, opened):
    assert deploy("--tags", "postgres", **{**opened, "postgres_allowed_networks": ["192.0.2.0/24"]}).code == 0
    assert "timeout expired" in neighbour()["postgres"]
    host.run("iptables -D DOCKER-USER -o jarvis ! -i jarvis -j JARVIS")
    assert "pg_hba.conf rejects connection" in neighbour()["postgres"]
    assert deploy("--tags", "postgres", **opened).code == 0
    assert neighbour()["postgres"] == "accepted"


def test_expired_certificate_is_renewed_and_loaded_without_a_restart(
    deploy, play, host, put, serials, neighbour, opened
):
    authority = Authority.load(host.out("cat /etc/jarvis/secrets/ca/ca.key"), host.out("cat /etc/jarvis/ca.crt"))
    before = host.containers()
    for server in ("postgres", "redis"):
        certificate, key = authority.issue("localhost", opened["redis_bind_address"], days=(-3, -1))
        folder = f"/etc/jarvis/secrets/{server}"
        put(f"{folder}/server.crt", certificate, "0444")
        put(f"{folder}/server.key", key, "0640")
        host.run(f"chgrp jarvis {folder}/server.key")
    # The servers present them.
    host.sql("SELECT pg_reload_conf()")
    mount = "/run/secrets/redis/server."
    host.redis(f"CONFIG SET tls-cert-file {mount}crt tls-key-file {mount}key")
    expired = serials()
    assert "certificate has expired" in neighbour()["redis"]
    run = play("playbooks/verify.yml")
    assert run.code == 2
    assert "certificate has expired" in run.text
    run = deploy(**opened)
    assert run.code == 0
    assert not set(serials()) & set(expired)
    assert host.containers() == before
    assert neighbour() == {"postgres": "accepted", "redis": "accepted"}


def test_new_name_is_taken_into_the_certificates(deploy, serials, host, opened):
    before = serials()
    assert deploy(**opened, tls_names=["db.example.net"]).code == 0
    assert not set(serials()) & set(before)
    names = "openssl x509 -noout -ext subjectAltName -in /etc/jarvis/secrets/redis/server.crt"
    assert "DNS:db.example.net" in host.out(names)
    assert deploy("--tags", "tls", **opened).code == 0
    assert "DNS:db.example.net" not in host.out(names)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("expired", "tls_certificate_path is /root/supplied/server.crt: it has expired. Supply a valid one."),
        ("open_key", "tls_key_path is /root/supplied/server.key: others may read it (mode 0644)."),
        ("other_authority", "tls_ca_path is /root/supplied/ca.crt: the certificate was not signed by it"),
        ("other_name", "tls_certificate_path is /root/supplied/server.crt: it does not hold"),
    ],
)
def test_unusable_supplied_certificate_is_refused_and_the_servers_stay(
    deploy, host, supply, serials, opened, fault, message
):
    before, presented = host.containers(), serials()
    signer = Authority.make()
    days = (-3, -1) if fault == "expired" else (-3, 100)
    certificate, key = signer.issue(
        "db.example.net" if fault == "other_name" else opened["redis_bind_address"], days=days
    )
    supply(
        Authority.make("another") if fault == "other_authority" else signer,
        certificate,
        key,
        "0644" if fault == "open_key" else "0600",
    )
    run = deploy(**opened, **SUPPLIED)
    assert run.code == 2
    assert message in run.text
    assert "Nothing was changed" in run.text
    assert host.containers() == before
    assert serials() == presented


def test_supplied_certificate_is_used(deploy, play, host, supply, serials, neighbour, opened):
    before, presented = host.containers(), serials()
    authority = Authority.make("the company's")
    supply(authority, *authority.issue(opened["redis_bind_address"]))
    assert deploy(**opened, **SUPPLIED).code == 0
    assert not set(serials()) & set(presented)
    assert host.containers() == before
    assert host.out("cat /etc/jarvis/ca.crt") == pem(authority.certificate).strip()
    assert neighbour() == {"postgres": "accepted", "redis": "accepted"}
    run = play("playbooks/verify.yml")
    assert run.code == 0
    assert "certificate of jarvis-redis: 100 days left" in run.text
    run = deploy(**opened, **SUPPLIED)
    assert (run.code, run.count("changed")) == (0, 0)


def test_host_goes_back_to_loopback_and_its_own_authority(deploy, play, host):
    assert deploy().code == 0
    assert play("playbooks/verify.yml").code == 0
    assert host.sql("SELECT count(*) FROM public.agent_state WHERE key = 'network'") == "1"
    assert host.redis("GET network") == "kept"
