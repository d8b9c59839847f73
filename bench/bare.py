"""The same binaries run bare on a host: the anchor of the servers' speed.

The root file system of each image is unpacked on the host, and its server runs there with the settings of ours, as a
plain process: without container, translation of addresses, limits or filter of system calls.
"""

from __future__ import annotations

import json
import shlex
from urllib.parse import urlsplit

from bench.hosts import SETTINGS, Host

POSTGRES_PORT = 15432
REDIS_PORT = 16379
ROOTS = "/srv/bare"
TMP = "/tmp"  # noqa: S108 - of an image's own root
REDIS_SOCKET = f"{TMP}/redis.sock"
# What differs from ours: where it listens and keeps its files, and who may come.
POSTGRES_OWN = f"""
port = {POSTGRES_PORT}
listen_addresses = '127.0.0.1'
unix_socket_directories = '{TMP}'
hba_file = '/conf/pg_hba.conf'
ident_file = '/conf/pg_ident.conf'
"""
POSTGRES_ADMITTED = """
local all postgres trust
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
"""


class Bare:
    """Both servers on a host that was deployed, with the data and the passwords of ours."""

    def __init__(self, host: Host) -> None:
        """Unpack the images, and start the servers."""
        self.host = host
        self.variables = dict(
            word.split("=", 1) for word in shlex.split(host.out("cat /etc/jarvis/jarvis.env"), comments=True)
        )
        self.paths = {name: self._path(SETTINGS[f"images_{name}"]) for name in ("postgres", "redis")}
        for name in self.paths:
            self._unpack(name, SETTINGS[f"images_{name}"])
        self._start_postgres()
        self._start_redis()

    def command(self, name: str, *words: str, user: str = "") -> str:
        """Return a shell command that runs a program of an image, as root or as a user of it."""
        chosen = f"--userspec={user}:{user}" if user else ""
        return f"chroot {chosen} {ROOTS}/{name} env {self.paths[name]} {shlex.join(words)}"

    def address(self, url: str, way: str) -> str:
        """Return the address of the bare PostgreSQL that corresponds to one of ours, over C(tcp) or C(socket)."""
        parts = urlsplit(url)
        where = f"127.0.0.1:{POSTGRES_PORT}" if way == "tcp" else ""
        query = "" if way == "tcp" else f"?host={TMP}&port={POSTGRES_PORT}"
        return f"postgresql://{parts.username}:{parts.password}@{where}{parts.path}{query}"

    def _path(self, image: str) -> str:
        shown = self.host.out(f"docker image inspect --format '{{{{json .Config.Env}}}}' {image}")
        return next(text for text in json.loads(shown) if text.startswith("PATH="))

    def _unpack(self, name: str, image: str) -> None:
        root = f"{ROOTS}/{name}"
        self.host.out(
            f"mkdir -p {root} && container=$(docker create {image}) && docker export $container | tar -x -C {root}"
            f" && docker rm $container && for folder in dev proc sys; do mount --rbind /$folder {root}/$folder; done"
            f" && mkdir -p {root}/var/lib/jarvis {root}/conf {root}/data && chmod 1777 {root}{TMP}"
            # The socket of ours is reached by its name.
            f" && mount --rbind /var/lib/jarvis {root}/var/lib/jarvis"
        )

    def _start_postgres(self) -> None:
        root = f"{ROOTS}/postgres"
        self.host.out(
            f"cp /etc/jarvis/postgres/* {root}/conf/ && cat >>{root}/conf/postgresql.conf", stdin=POSTGRES_OWN
        )
        self.host.out(f"cat >{root}/conf/pg_hba.conf", stdin=POSTGRES_ADMITTED)
        self.host.out(f"chroot {root} chown -R postgres:postgres /conf /data")
        made = ("initdb", "-D", "/data", "--encoding=UTF8", "--locale=C.UTF-8", "--lc-collate=C", "--data-checksums")
        self.host.out(self.command("postgres", *made, user="postgres"))
        options = ("-l", f"{TMP}/log", "-w", "-o", "-c config_file=/conf/postgresql.conf")
        started = self.command("postgres", "pg_ctl", "-D", "/data", *options, "start", user="postgres")
        self.host.out(f"{started} >/dev/null 2>&1")
        psql = self.command("postgres", "psql", "-q", "-h", TMP, "-p", str(POSTGRES_PORT), "-U", "postgres")
        self.host.out(f"docker exec jarvis-postgres pg_dumpall -U postgres | {psql} >/dev/null 2>&1")

    def _start_redis(self) -> None:
        root = f"{ROOTS}/redis"
        own = f"port {REDIS_PORT}\nbind 127.0.0.1\naclfile /conf/users.acl\nunixsocket {REDIS_SOCKET}\ndaemonize yes\n"
        self.host.out(
            f"mkdir {root}/data/db && cp /etc/jarvis/redis/redis.conf /etc/jarvis/secrets/redis/users.acl {root}/conf/"
            f" && cat >>{root}/conf/redis.conf && chroot {root} chown -R redis:redis /conf /data",
            stdin=own,
        )
        self.host.out(f"{self.command('redis', 'redis-server', '/conf/redis.conf', user='redis')} >/dev/null")
