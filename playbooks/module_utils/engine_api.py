"""Ask the container engine through its socket, with the standard library alone: a bare host has nothing else."""

from __future__ import annotations

import calendar
import http.client
import json
import socket
import struct
import time
import urllib.parse

ENGINE_SOCKET = "/var/run/docker.sock"
# The log of a container without a terminal comes in frames. This header tells the stream and the length of the frame.
FRAME_HEADER = struct.Struct(">BxxxL")


def call(method, path, timeout=10, content=None):
    """Return status and body of the engine's answer to a request with JSON C(content), or without one.

    Raises OSError where no engine answers.
    """
    connection = http.client.HTTPConnection("localhost", timeout=timeout)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.settimeout(timeout)
    try:
        connection.sock.connect(ENGINE_SOCKET)
        headers = {} if content is None else {"Content-Type": "application/json"}
        connection.request(method, path, None if content is None else json.dumps(content), headers)
        response = connection.getresponse()
        return response.status, response.read()
    except http.client.HTTPException as error:
        raise OSError(f"{ENGINE_SOCKET}: {error!r}") from error
    finally:
        connection.close()


def get(path):
    """Return the engine's JSON answer to GET C(path), None if it does not answer or does not know what is asked for."""
    try:
        status, body = call("GET", path)
    except OSError:
        return None
    return json.loads(body) if status == http.client.OK else None


def find(path):
    """Return the engine's JSON answer to GET C(path), None if it does not know what is asked for.

    Raises OSError if it does not answer, or with its own words if it answers with another error.
    """
    status, body = call("GET", path)
    if status == http.client.NOT_FOUND:
        return None
    if status != http.client.OK:
        raise OSError(f"the engine's answer to {path}: {body.decode(errors='replace').strip()}")
    return json.loads(body)


def exit_code(name, words, timeout):
    """Run a command in a container and return its exit code, None if it cannot be run or its result was lost.

    Raises TimeoutError when it takes longer than C(timeout) seconds, and OSError where no engine answers.
    """
    status, body = call("POST", f"/containers/{name}/exec", content={"Cmd": words, "AttachStdout": True})
    if status != http.client.CREATED:
        return None
    path = f"/exec/{json.loads(body)['Id']}"
    # The answer ends when the command does.
    call("POST", f"{path}/start", timeout=timeout, content={"Detach": False})
    return (find(f"{path}/json") or {}).get("ExitCode")


def last_end(name, before):
    """Return when a container last ended before a time (in seconds), None if the engine remembers no such end."""
    filters = urllib.parse.quote(json.dumps({"container": [name], "event": ["die"]}))
    status, body = call("GET", f"/events?since=0&until={before:.9f}&filters={filters}")
    events = [json.loads(line) for line in body.splitlines()] if status == http.client.OK else []
    return max((event["timeNano"] / 1e9 for event in events), default=None)


def seconds_of(timestamp):
    """Return a time of a container's state, such as C(2026-11-28T01:49:40.577789199Z), in seconds since 1970."""
    whole, _, fraction = timestamp.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{fraction or 0}")


def log_lines(name, since, until="", tail=200):
    """Return the last lines that a container wrote between two times of its state, oldest first."""
    path = f"/containers/{name}/logs?stdout=1&stderr=1&tail={tail}&since={since}" + (f"&until={until}" if until else "")
    try:
        status, body = call("GET", path)
    except OSError:
        return []
    return unframe(body).decode(errors="replace").splitlines() if status == http.client.OK else []


def unframe(body):
    """Return the text of a log as the engine sends it: in frames, each with a header."""
    text, position = b"", 0
    while position + FRAME_HEADER.size <= len(body):
        _stream, length = FRAME_HEADER.unpack_from(body, position)
        position += FRAME_HEADER.size
        text += body[position : position + length]
        position += length
    return text
