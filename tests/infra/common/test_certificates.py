"""Whoever comes from beyond the host comes encrypted, by certificates that hold for a while."""

from __future__ import annotations

from questions import client

MINIMUM_DAYS = 7


@client
def certificates(settings, servers):
    """Return what clients see, by server: whether the certificate is that of the file, and its days.

    Nothing of a server without encryption.
    """
    import socket
    import ssl
    import time
    from urllib.parse import parse_qs, urlsplit

    found = {}
    for name, (variable, *_) in servers.items():
        url = urlsplit(settings[variable])
        of_postgres = url.scheme == "postgresql"
        authority = "sslrootcert" if of_postgres else "ssl_ca_certs"
        if authority not in parse_qs(url.query):
            continue
        context = ssl.create_default_context(cafile=parse_qs(url.query)[authority][0])
        with socket.create_connection((url.hostname, url.port), 10) as plain:
            if of_postgres:
                # https://www.postgresql.org/docs/16/protocol-message-formats.html: SSLRequest
                plain.sendall(bytes.fromhex("0000000804d2162f"))
                plain.recv(1)
            with context.wrap_socket(plain, server_hostname=url.hostname) as encrypted:
                seen, presented = encrypted.getpeercert(), encrypted.getpeercert(binary_form=True)
        with open(f"/etc/jarvis/secrets/{name.removeprefix('jarvis-')}/server.crt") as file:
            written = file.read()
        found[name] = {
            "is_the_file": written.startswith(ssl.DER_cert_to_PEM_cert(presented).strip()),
            "days": int((ssl.cert_time_to_seconds(seen["notAfter"]) - time.time()) // 86400),
        }
    return found


def test_server_is_open_to_others_only_with_encryption(container, settings, servers):
    open_to_others = {
        variable: binding["HostIp"]
        for name, variables in servers.items()
        for bindings in container(name)["HostConfig"]["PortBindings"].values()
        for binding in bindings
        if not binding["HostIp"].startswith("127.")
        for variable in variables
    }
    encrypted = {name for name, url in settings.items() if url.startswith("rediss:") or "sslmode=verify-full" in url}
    assert set(open_to_others) <= encrypted, f"not encrypted: {open_to_others}"


def test_certificates_in_use_are_those_of_the_files_and_last(certificates, record_property):
    for name, found in certificates.items():
        record_property(f"certificate of {name}", f"{found['days']} days left")
        assert found["is_the_file"], f"{name} presents another certificate than its file holds; deploy again"
        assert found["days"] >= MINIMUM_DAYS, f"the certificate of {name} has {found['days']} days left; deploy again"
