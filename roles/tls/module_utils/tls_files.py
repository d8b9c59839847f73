"""Judge a server's certificate as a client would. Changes nothing, and uses the standard library alone."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import ssl
import stat
import time
from collections import namedtuple

SECONDS_A_DAY = 86400
MAXIMUM_FLIGHTS = 4  # exchanges of messages before both sides are done
# https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/#error-codes
VERIFY_REASONS = {
    9: "is not valid yet",
    10: "has expired",
    62: "does not hold that name",
    64: "does not hold that name",
}
HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")

Certificate = namedtuple("Certificate", "names days_left")


class RefusedError(Exception):
    """A server cannot use a file, or a client would not accept it. C(file) is ca, certificate or key."""

    def __init__(self, file, reason, remedy):
        """Take the file, and a text that says what is wrong and what to do about it."""
        super().__init__(reason)
        self.file = file
        self.reason = reason
        self.remedy = remedy


def require_file(file, path):
    """Raise RefusedError for a path that is no file, and for a key that others may read."""
    if not os.path.isfile(path):
        raise RefusedError(file, "there is no such file on the host", "Put it there, or correct the path.")
    mode = stat.S_IMODE(os.stat(path).st_mode)
    if file == "key" and mode & 0o007:
        raise RefusedError(
            file, f"others may read it (mode {mode:04o})", "Issue a new key, and keep it with mode 0600."
        )


def trust_in(path, file="ca"):
    """Return a client's context that trusts the certificates in a file, as the common libraries make it."""
    try:
        return ssl.create_default_context(cafile=path)
    except ssl.SSLError as error:
        remedy = "Give the path of a certificate in PEM form."
        raise RefusedError(file, "it holds no certificate in PEM form", remedy) from error


def server_context(certificate, key):
    """Return a server's context with a certificate and its key."""
    trust_in(certificate, "certificate")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # Without a password given here, OpenSSL would ask the terminal for that of an encrypted key.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise RefusedError(
                "key", "it does not belong to the certificate", "Give the certificate's own key."
            ) from error
        remedy = "Give the path of a key in PEM form without a password."
        raise RefusedError("key", "it holds no unencrypted key in PEM form", remedy) from error
    return context


def handshake(server, client, name):
    """Make a handshake within this process, and return the server's certificate as the client sees it."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for side in sides * MAXIMUM_FLIGHTS:
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return sides[0].getpeercert()


def days_until(moment):
    """Return the whole days from now until a time in a certificate, such as C(Jun  1 12:00:00 2030 GMT)."""
    return int((ssl.cert_time_to_seconds(moment) - time.time()) // SECONDS_A_DAY)


def inspect(ca, certificate, key, reached_as=()):
    """Return the Certificate of a server as its clients see it. They reach it at each of the names C(reached_as).

    Raises RefusedError if a client would not connect, or the server would not start.
    """
    for file, path in (("ca", ca), ("certificate", certificate), ("key", key)):
        require_file(file, path)
    server, client = server_context(certificate, key), trust_in(ca)
    client.check_hostname = False
    try:
        seen = handshake(server, client, None)
        client.check_hostname = True
        for name in reached_as:
            handshake(server, client, name)
    except ssl.SSLCertVerificationError as error:
        raise refusal(error, client.check_hostname and name) from error
    ends = [seen["notAfter"]] + [one["notAfter"] for one in client.get_ca_certs() if one["subject"] == seen["issuer"]]
    names = {f"{'DNS' if kind == 'DNS' else 'IP'}:{value}" for kind, value in seen.get("subjectAltName", ())}
    return Certificate(names, min(map(days_until, ends)))


def inspect_authority(ca, key):
    """Return the Certificate of an authority. Raises RefusedError if it cannot sign."""
    for file, path in (("ca", ca), ("key", key)):
        require_file(file, path)
    server_context(ca, key)
    found = trust_in(ca).get_ca_certs()
    if len(found) != 1:
        raise RefusedError("ca", "it is not the certificate of one authority", "Give that alone.")
    return Certificate(set(), days_until(found[0]["notAfter"]))


def refusal(error, name):
    """Return a RefusedError that explains a failed verification."""
    if name:
        return RefusedError(
            "certificate",
            f"it does not hold {name}, by which clients reach the server",
            "Supply one that does, or set client_host to a name that it holds.",
        )
    if error.verify_code in VERIFY_REASONS:
        return RefusedError("certificate", f"it {VERIFY_REASONS[error.verify_code]}", "Supply a valid one.")
    return RefusedError(
        "ca",
        f"the certificate was not signed by it ({error.verify_message})",
        "Give the certificate of the authority that signed it, and any between them in tls_certificate_path.",
    )


def default_address():
    """Return the IPv4 address from which the host reaches others, None when it reaches none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # This only chooses a route and sends nothing. The address is reserved for documentation.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        return probe.getsockname()[0]


def alternative_names(names):
    """Return the names in the form that a certificate holds, such as C(DNS:localhost) or C(IP:127.0.0.1), each once.

    A text that is no host name is left out, because nobody can connect by it.
    """
    found = []
    for name in filter(None, names):
        try:
            address = ipaddress.ip_address(name)
            entry = None if address.is_unspecified or address.version != 4 else f"IP:{address}"  # noqa: PLR2004
        except ValueError:
            entry = f"DNS:{name}" if HOST_NAME.fullmatch(name) else None
        if entry and entry not in found:
            found.append(entry)
    return found
