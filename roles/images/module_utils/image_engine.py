"""Ask the engine about images. With the standard library alone: a bare host has nothing else."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
from urllib.parse import quote

DOCKER_HUB = "https://index.docker.io/v1/"


class Engine(http.client.HTTPConnection):
    """The engine's API behind its unix socket."""

    def __init__(self, path):
        """Take the socket's path; a request connects by itself."""
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        """Open the socket; OSError if nobody answers."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(path, question, headers=None):
    """Return the answer of the engine behind the socket C(path).

    Raises OSError if it does not answer, KeyError if it does not have what is asked for, and ValueError for any other
    error. The last two contain the engine's own words.
    """
    engine = Engine(path)
    try:
        engine.request("GET", question, headers=headers or {})
        response = engine.getresponse()
        answer = json.loads(response.read())
    finally:
        engine.close()
    if response.status != http.client.OK:
        error = KeyError if response.status == http.client.NOT_FOUND else ValueError
        raise error(answer["message"])
    return answer


def digests_here(path, image):
    """Return the digests that registries gave C(image), as name@digest; None if the engine does not have it."""
    try:
        return ask(path, f"/images/{quote(image, safe='/:@')}/json").get("RepoDigests") or []
    except KeyError:
        return None


def digest_in_registry(path, image):
    """Return the digest that the image's registry has for its tag now. Nothing is pulled. Raises what C(ask) raises."""
    name, _, _ = split(image)
    answer = ask(path, f"/distribution/{quote(image, safe='/:')}/json", {"X-Registry-Auth": login(name)})
    return answer["Descriptor"]["digest"]


def login(name, config="~/.docker/config.json"):
    """Return the request header with the login that C(docker login) stored for the registry of C(name), or none."""
    registry, slash, _ = name.partition("/")
    if not slash or not (set(".:") & set(registry) or registry == "localhost"):
        registry = DOCKER_HUB
    try:
        with open(os.path.expanduser(config), encoding="utf-8") as stream:
            stored = json.load(stream).get("auths", {}).get(registry, {}).get("auth", "")
    except FileNotFoundError:
        stored = ""
    user, _, password = base64.b64decode(stored).decode().partition(":")
    known = {"username": user, "password": password, "serveraddress": registry} if user else {}
    return base64.urlsafe_b64encode(json.dumps(known).encode()).decode()


def split(image):
    """Return name, tag and digest of a reference; each of them is empty if the reference does not have it."""
    name, _, digest = image.partition("@")
    path, _, tag = name.rpartition(":")
    # Without a tag there is no colon, or it is the one before a registry's port.
    return (path, tag, digest) if path and "/" not in tag else (name, "", digest)


def runnable(image):
    """Return C(image) without its tag if it has a digest. The digest alone decides, but modules would look for both."""
    name, _, digest = split(image)
    return f"{name}@{digest}" if digest else image
