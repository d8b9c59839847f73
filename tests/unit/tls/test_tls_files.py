"""A certificate is judged as a client would judge it, and what is wrong with it is named."""

from __future__ import annotations

import socket

import pytest
from ansible.module_utils import tls_files
from certificates import Authority, pem, pem_of_key
from cryptography.hazmat.primitives import serialization

NAMES = ("localhost", "db1.example.net", "127.0.0.1", "10.0.0.5")


@pytest.fixture(scope="module")
def authority():
    return Authority.make()


@pytest.fixture
def files(tmp_path, authority):
    """Return a function that writes a certificate of the authority and returns the paths by kind."""

    def write(certificate=None, key=None, ca=None, days=(-10, 100)):
        issued = authority.issue(*NAMES, days=days)
        texts = {
            "ca": ca or pem(authority.certificate),
            "certificate": certificate or issued[0],
            "key": key or issued[1],
        }
        for kind, text in texts.items():
            (tmp_path / kind).write_text(text)
            (tmp_path / kind).chmod(0o600)
        return {kind: str(tmp_path / kind) for kind in texts}

    return write


def refusal(paths, *reached_as):
    with pytest.raises(tls_files.RefusedError) as caught:
        tls_files.inspect(paths["ca"], paths["certificate"], paths["key"], reached_as)
    return caught.value.file, caught.value.reason


def test_good_certificate_is_read_with_its_names_and_days(files):
    paths = files()
    found = tls_files.inspect(paths["ca"], paths["certificate"], paths["key"], NAMES)
    assert found.names == {"DNS:localhost", "DNS:db1.example.net", "IP:127.0.0.1", "IP:10.0.0.5"}
    assert found.days_left == 100


def test_days_are_those_of_the_authority_when_it_ends_first(tmp_path, files):
    short = Authority.make(days=(-10, 7))
    certificate, key = short.issue(*NAMES, days=(-10, 100))
    paths = files(certificate, key, pem(short.certificate))
    assert tls_files.inspect(paths["ca"], paths["certificate"], paths["key"]).days_left == 7


@pytest.mark.parametrize(("days", "reason"), [((-10, -1), "it has expired"), ((1, 10), "it is not valid yet")])
def test_certificate_out_of_its_time_is_refused(files, days, reason):
    assert refusal(files(days=days)) == ("certificate", reason)


@pytest.mark.parametrize("name", ["db2.example.net", "10.0.0.6"])
def test_name_that_the_certificate_does_not_hold_is_refused(files, name):
    assert refusal(files(), "localhost", name) == (
        "certificate",
        f"it does not hold {name}, by which clients reach the server",
    )


def test_another_authority_is_refused(files):
    file, reason = refusal(files(ca=pem(Authority.make("another").certificate)))
    assert file == "ca"
    assert reason.startswith("the certificate was not signed by it")


def test_key_of_another_certificate_is_refused(files, authority):
    assert refusal(files(key=authority.issue("localhost")[1])) == ("key", "it does not belong to the certificate")


def test_encrypted_key_is_refused_and_not_asked_for(files, authority):
    text = authority.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    ).decode()
    assert refusal(files(key=text)) == ("key", "it holds no unencrypted key in PEM form")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("ca", "it holds no certificate in PEM form"),
        ("certificate", "it holds no certificate in PEM form"),
        ("key", "it holds no unencrypted key in PEM form"),
    ],
)
def test_file_of_another_kind_is_refused(files, kind, reason):
    assert refusal(files(**{kind: "no PEM\n"})) == (kind, reason)


@pytest.mark.parametrize("kind", ["ca", "certificate", "key"])
def test_missing_file_is_refused(files, kind):
    assert refusal({**files(), kind: "/nonexistent"}) == (kind, "there is no such file on the host")


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660 | 0o002])
def test_key_that_others_may_read_is_refused(files, tmp_path, mode):
    paths = files()
    (tmp_path / "key").chmod(mode)
    assert refusal(paths) == ("key", f"others may read it (mode {mode:04o})")


def test_authority_is_told_from_a_server(files, authority):
    paths = files(certificate=pem(authority.certificate), key=pem_of_key(authority.key))
    assert tls_files.inspect_authority(paths["certificate"], paths["key"]).days_left == 1000
    paths = files()
    with pytest.raises(tls_files.RefusedError, match="not the certificate of one authority"):
        tls_files.inspect_authority(paths["certificate"], paths["key"])


def test_names_are_written_as_a_certificate_holds_them_each_once():
    names = ["localhost", "127.0.0.1", "db1", "db1", "db1.example.net", "", None, "0.0.0.0", "::1", "not a name", "-x"]
    assert tls_files.alternative_names(names) == ["DNS:localhost", "IP:127.0.0.1", "DNS:db1", "DNS:db1.example.net"]


def test_default_address_is_the_one_from_which_others_are_reached(monkeypatch):
    class Routed(socket.socket):
        def connect(self, address):
            super().connect(("127.0.0.1", address[1]))

    monkeypatch.setattr(socket, "socket", Routed)
    assert tls_files.default_address() == "127.0.0.1"


def test_there_is_no_default_address_where_no_other_is_reached(monkeypatch):
    class Unrouted(socket.socket):
        def connect(self, address):
            raise OSError(f"no route to {address}")

    monkeypatch.setattr(socket, "socket", Unrouted)
    assert tls_files.default_address() is None
