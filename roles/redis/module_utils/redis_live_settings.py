# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Bring the settings of a running Redis to those with which it would start."""

from __future__ import annotations

import json
import re
import subprocess

from ansible.module_utils.redis_container import redis

NAMES_OF_FILES = ("appenddirname", "appendfilename")
UNITS = {"": 1, "k": 1000, "kb": 1024, "m": 1000**2, "mb": 1024**2, "g": 1000**3, "gb": 1024**3}
ONLY_AT_A_START = re.compile("immutable|protected")
# A server that starts for a moment, to be asked for its settings, needs these to be different.
OVERRIDDEN = {"port": "0", "tls-port": "0", "dir": "/tmp", "aclfile": "''", "unixsocket": "/tmp/socket"}  # noqa: S108
ASK = """
cat >/tmp/redis.conf
redis-server /tmp/redis.conf {options} >/tmp/log 2>&1 &
until redis-cli -s /tmp/socket ping >/dev/null 2>&1; do
    kill -0 $! 2>/dev/null || {{ cat /tmp/log >&2; exit 1; }}
    sleep 0.02
done
redis-cli -s /tmp/socket --json config get '*'
"""
START_SECONDS = 60
DATA_FOLDER = "/data/db"  # the role's setting dir; a server refuses to read a file with a folder that does not exist


def normal_value(value):
    """Return a setting's value in a form that is the same for all its spellings: sizes in bytes, no quotes."""
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value).strip().strip('"')
    size = re.fullmatch(r"(\d+)(k|kb|m|mb|g|gb)?", text.lower())
    return str(int(size.group(1)) * UNITS[size.group(2) or ""]) if size else text


def settings_of_a_start(container, configuration, encrypted):
    """Return all settings, by name, of a server that starts in the container's image with a configuration file.

    Raises OSError with the server's words if it does not start.
    """
    overridden = (
        OVERRIDDEN.items() if "\ntls-port " in f"\n{configuration}" else OVERRIDDEN.items() - {("tls-port", "0")}
    )
    script = ASK.format(options=" ".join(f"--{name} {value}" for name, value in overridden))
    guarded = ("--network=none", "--cap-drop=ALL", "--read-only", "--tmpfs=/tmp", f"--tmpfs={DATA_FOLDER}")
    user = f"--user={container.user}"
    done = subprocess.run(
        ["docker", "run", "--rm", "--interactive", *guarded, user, "--entrypoint=sh", container.image_id, "-c", script],
        input=configuration,
        capture_output=True,
        text=True,
        check=False,
        timeout=START_SECONDS,
    )
    if done.returncode:
        raise OSError(f"a server does not start with these settings: {done.stderr.strip()}")
    return json.loads(done.stdout)


class LiveSettings:
    """The settings of a running server. Raises ValueError for one that the server refuses."""

    def __init__(self, client, check_mode):
        """Take an open client. In C(check_mode), nothing is changed."""
        self.client = client
        self.check_mode = check_mode
        self.changed = []
        self.restart = []

    def bring(self, wanted):
        """Set the settings in C(wanted) that differ; note those that only a start can set."""
        for name, value in wanted.items():
            found = self.client.config_get(name)
            if name not in found:
                raise ValueError(f"Redis does not know the setting {name!r}. Correct redis_settings.")
            if normal_value(found[name]) != normal_value(value) and not self.is_set(name, value, found[name]):
                self.restart.append(name)

    def take_back(self, given, started):
        """Bring settings that are not C(given) to what a server has that just C(started).

        One that only a start can set stays until the next start.
        """
        found = self.client.config_get("*")
        for name in sorted(found.keys() & started.keys() - given.keys() - OVERRIDDEN.keys()):
            if found[name] != started[name]:
                self.is_set(name, started[name], found[name])

    def is_set(self, name, value, found):
        """Set a setting that differs; return whether that is possible without a start."""
        if name in NAMES_OF_FILES:
            raise ValueError(
                f"{name} is {found}, and with {value} the next start would find no data. Correct redis_settings."
            )
        # A preview sets the present value again. This changes nothing, and fails for a setting that only a start can
        # set.
        wanted = found if self.check_mode else normal_value(value)
        try:
            self.client.config_set(name, wanted)
        except redis.ResponseError as error:
            if not ONLY_AT_A_START.search(str(error)):
                raise ValueError(f"Redis refuses {name} = {wanted!r}: {error}. Correct redis_settings.") from error
            return False
        # The server may have another spelling for the present value.
        if self.check_mode or self.client.config_get(name)[name] != found:
            self.changed.append(name)
        return True
