"""Names of images are split correctly, and the engine is given the login that docker login stored."""

from __future__ import annotations

import base64
import json

import pytest
from image_engine import login, split
from image_pins import pin

DIGEST = f"sha256:{'0123456789abcdef' * 4}"
HUB_LOGIN = {"username": "ada", "password": "hub:secret", "serveraddress": "https://index.docker.io/v1/"}


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("redis", ("redis", "", "")),
        ("redis:7", ("redis", "7", "")),
        ("host:5000/redis", ("host:5000/redis", "", "")),
        ("host:5000/a/redis:7", ("host:5000/a/redis", "7", "")),
        (f"redis@{DIGEST}", ("redis", "", DIGEST)),
        (f"host:5000/redis:7@{DIGEST}", ("host:5000/redis", "7", DIGEST)),
        (f"host:5000/redis@{DIGEST}", ("host:5000/redis", "", DIGEST)),
    ],
)
def test_a_reference_has_three_parts(image, parts):
    assert split(image) == parts


def test_an_image_by_digest_alone_is_pinned_already(tmp_path):
    assert pin(str(tmp_path / "no.sock"), f"redis@{DIGEST}") == f"redis@{DIGEST}"


@pytest.fixture
def config(tmp_path):
    """Return a file as docker login writes it, with logins at two registries."""
    auths = {
        "https://index.docker.io/v1/": {"auth": base64.b64encode(b"ada:hub:secret").decode()},
        "host:5000": {"auth": base64.b64encode(b"pin:a secret").decode()},
        "helped": {},
    }
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"auths": auths}))
    return str(path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("postgres", HUB_LOGIN),
        ("bitnami/redis", HUB_LOGIN),
        ("host:5000/redis", {"username": "pin", "password": "a secret", "serveraddress": "host:5000"}),
        ("host.example/redis", {}),
        ("localhost/redis", {}),
    ],
)
def test_the_login_is_that_of_the_registry(config, name, expected):
    assert json.loads(base64.urlsafe_b64decode(login(name, config))) == expected


def test_without_any_login_none_is_sent(tmp_path):
    assert json.loads(base64.urlsafe_b64decode(login("postgres", str(tmp_path / "none.json")))) == {}
