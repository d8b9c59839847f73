"""A server that accepts only TLS can be administered as well, whatever certificate it has."""

from __future__ import annotations

import subprocess

import pytest

ENCRYPTED = """\
port 0
tls-port 6379
tls-cert-file /run/secrets/redis/server.crt
tls-key-file /run/secrets/redis/server.key
tls-auth-clients no
"""


def make_certificate(folder, name):
    """Write a certificate that nobody knows, and its key."""
    pair = ("-keyout", folder / "server.key", "-out", folder / "server.crt")
    subject = ("-subj", f"/CN={name}", "-days", "1")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *pair, *subject], check=True)
    (folder / "server.key").chmod(0o644)


@pytest.fixture
def server(new_server):
    server = new_server()
    make_certificate(server.settings, "first")
    file = server.settings / "redis.conf"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("port ")]
    file.write_text("\n".join([*lines, ENCRYPTED]))
    server.probe += ("--tls", "--insecure")
    return server.create()


def test_certificate_is_brought_and_a_second_time_nothing(server, run_module):
    arguments = {
        "password": "operations",
        "settings": {},
        "configuration": (server.settings / "redis.conf").read_text(),
        "users_file": str(server.settings / "users.acl"),
        "certificate_file": str(server.settings / "server.crt"),
    }
    assert run_module("redis_live_config", server, **arguments)["changed"] is False
    make_certificate(server.settings, "second")
    assert run_module("redis_live_config", server, **arguments)["certificate_loaded"] is True
    assert run_module("redis_live_config", server, **arguments)["changed"] is False


def test_module_without_a_certificate_finds_out_that_connections_are_encrypted(server, run_module, tmp_path):
    (tmp_path / "password").write_text("operations")
    result = run_module("redis_loading_rights", server, password_files=[str(tmp_path / "password")])
    assert result["changed"] is False
    assert "failed" not in result
