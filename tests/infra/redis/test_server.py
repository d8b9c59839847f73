"""The server is Redis 7 and serves the application, and nobody without a password."""

from __future__ import annotations

from questions import client


@client
def version(settings):
    import redis

    return redis.Redis.from_url(settings["REDIS_URL"]).info("server")["redis_version"]


def test_is_redis_7(version):
    assert version.startswith("7.")


@client
def ping(settings):
    import redis

    # The client's own ping() turns the server's word into a boolean.
    connection = redis.Redis.from_url(settings["REDIS_URL"]).connection_pool.get_connection("PING")
    connection.send_command("PING")
    return connection.read_response().decode()


def test_ping_answers_pong(ping):
    assert ping == "PONG"


@client
def let_in(settings):
    import redis

    for address in settings.values():
        try:
            redis.Redis.from_url(address).ping()
        except redis.ResponseError as error:
            # Whoever is in may be forbidden even this.
            if "NOPERM" not in str(error):
                raise
    return sorted(settings)


def test_every_client_is_let_in_with_its_own_address(let_in, accounts):
    assert let_in == sorted(accounts["redis"].values())


@client
def short_lived_key(settings):
    import time
    import uuid

    import redis

    client = redis.Redis.from_url(settings["REDIS_URL"], decode_responses=True)
    key = f"verify:{uuid.uuid4()}"
    client.set(key, "naïve 🤖", px=300)
    found = client.get(key)
    has_limit = 0 < client.pttl(key) <= 300
    deadline = time.time() + 10
    while client.exists(key) and time.time() < deadline:
        time.sleep(0.05)
    return [found, has_limit, client.get(key)]


def test_key_is_set_read_back_and_expires(short_lived_key):
    assert short_lived_key == ["naïve 🤖", True, None]


@client
def anonymous(settings):
    from urllib.parse import urlsplit

    import redis

    parts = urlsplit(settings["REDIS_URL"])
    answers = []
    for login in ("", "default:x@", "jarvis:wrong@"):
        url = parts._replace(netloc=f"{login}{parts.hostname}:{parts.port}").geturl()
        try:
            redis.Redis.from_url(url).get("x")
            answers.append("accepted")
        except (redis.AuthenticationError, redis.ResponseError) as error:
            answers.append(type(error).__name__)
    return answers


def test_nobody_comes_in_without_a_password(anonymous):
    assert "accepted" not in anonymous


NEEDED = [
    *("GET k", "SET k v", "DEL k", "EXPIRE k 1", "INCR k", "SCAN 0", "PING", "INFO", "CLIENT SETNAME x"),
    *("MULTI", "WATCH k", "EVAL x 0", "EVALSHA x 0", "SCRIPT LOAD x", "BLPOP k 1", "ZADD k 1 m", "HSET k f v"),
    *("CLIENT LIST", "CLIENT NO-EVICT ON", "ROLE", "SORT k"),
    *("XADD k * f v", "XREADGROUP GROUP g c STREAMS k >", "XACK k g 1-1", "PUBLISH c m", "SUBSCRIBE c"),
]
REFUSED = [
    *("FLUSHALL", "FLUSHDB", "SWAPDB 0 1", "KEYS *", "SHUTDOWN", "DEBUG SLEEP 0", "MONITOR", "SAVE", "BGSAVE"),
    *("CONFIG GET dir", "CONFIG SET dir /tmp", "MODULE LOAD /x.so", "ACL LIST", "ACL SETUSER jarvis +@all"),
    *("REPLICAOF h 1", "MIGRATE h 1 k 0 1", "CLIENT KILL ID 1", "SLOWLOG GET", "LATENCY RESET", "FAILOVER"),
    *("SCRIPT DEBUG SYNC", "SCRIPT KILL", "FUNCTION KILL", "CLIENT PAUSE 1", "CLIENT UNBLOCK 1", "RESTORE k 0 x"),
]


def answered_ok(settings, commands):
    import subprocess
    from pathlib import Path

    import redis

    # The server itself tells what it would answer, so a broken permission costs no data. It is asked through its
    # container: what answers at the published port need not be the server, and would be told the password.
    address = "{{.NetworkSettings.Networks.jarvis.IPAddress}}"
    inspect = ["docker", "container", "inspect", "--format", address, "jarvis-redis"]
    admin = redis.Redis(
        host=subprocess.check_output(inspect, text=True).strip(),
        username="admin",
        password=Path("/etc/jarvis/secrets/redis_admin_password").read_text().strip(),
        decode_responses=True,
        ssl=settings["REDIS_URL"].startswith("rediss:"),
        ssl_cert_reqs="none",
        ssl_check_hostname=False,
    )
    answers = {command: admin.execute_command("ACL DRYRUN", "jarvis", *command.split()) for command in commands}
    return [command for command, answer in answers.items() if answer == "OK"]


permitted = client(answered_ok, NEEDED + REFUSED)


def test_application_may_do_its_work_and_no_more(permitted):
    assert permitted == NEEDED


def test_kernel_lets_redis_copy_itself_without_huge_pages(host, privileges):
    # Unless the inventory leaves the kernel as it is.
    asked = host.file("/etc/sysctl.d/90-jarvis-redis.conf").exists
    assert not asked or host.check_output("cat /proc/sys/vm/overcommit_memory") == "1"
    # Where the host gives huge pages to everybody, Redis declines for itself.
    to_everybody = "[always]" in host.check_output("cat /sys/kernel/mm/transparent_hugepage/enabled")
    assert not to_everybody or privileges("jarvis-redis")["THP_enabled"] == ["0"]


@client
def refused_replies(settings):
    import redis

    return redis.Redis.from_url(settings["REDIS_URL"]).info("stats")["unexpected_error_replies"]


def test_nothing_was_lost_when_it_last_started(host, refused_replies):
    log = host.check_output("docker logs jarvis-redis 2>&1").rpartition("Redis is starting")[2]
    lines = [line for line in log.splitlines() if "CRITICAL" in line or "NOPERM" in line]
    message = "Redis refused a part of its append-only file when it last started. Keep a copy of its data, then look at"
    assert not lines, f"{message}: {lines[0]}"

    # The server counts them as well, whatever became of its log.
    assert refused_replies == 0, f"{message} the log of jarvis-redis"


def test_writes_are_kept_on_disk(host):
    assert "appendonly yes" in host.file("/etc/jarvis/redis/redis.conf").content_string.splitlines()


@client
def without_encryption(settings):
    from urllib.parse import urlsplit

    import redis

    parts = urlsplit(settings["REDIS_URL"])
    try:
        redis.Redis.from_url(parts._replace(scheme="redis", query="").geturl()).ping()
    except redis.RedisError:
        return [parts.scheme, "refused"]
    return [parts.scheme, "accepted"]


def test_connection_without_encryption_is_refused_where_the_address_asks_for_it(without_encryption):
    assert without_encryption in (["rediss", "refused"], ["redis", "accepted"])
