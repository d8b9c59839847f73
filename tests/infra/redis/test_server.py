"""The server is Redis 7 and serves the application, and nobody without a password."""

from __future__ import annotations


def test_is_redis_7(host):
    version = host.check_output("docker exec jarvis-redis redis-server --version")
    assert "v=7." in version


def test_ping_answers_pong(on_host):
    def ping(settings):
        import redis

        # The client's own ping() turns the server's word into a boolean.
        connection = redis.Redis.from_url(settings["REDIS_URL"]).connection_pool.get_connection("PING")
        connection.send_command("PING")
        return connection.read_response().decode()

    assert on_host(ping) == "PONG"


def test_key_is_set_read_back_and_expires(on_host):
    def set_get_expire(settings):
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

    assert on_host(set_get_expire) == ["naïve 🤖", True, None]


def test_nobody_comes_in_without_a_password(on_host):
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

    assert "accepted" not in on_host(anonymous)


def test_application_cannot_administer_the_server(on_host):
    def administer(settings):
        import redis

        client = redis.Redis.from_url(settings["REDIS_URL"])
        answers = []
        for command in ("CONFIG GET dir", "FLUSHALL", "ACL LIST", "SHUTDOWN", "KEYS *"):
            try:
                client.execute_command(*command.split())
                answers.append(f"{command} was accepted")
            except redis.ResponseError as error:
                answers.append("no permissions" in str(error))
        return answers

    assert on_host(administer) == [True, True, True, True, True]


def test_writes_are_kept_on_disk(host):
    assert "appendonly yes" in host.file("/etc/jarvis/redis/redis.conf").content_string.splitlines()


def test_connection_without_encryption_is_refused_where_the_address_asks_for_it(on_host):
    def plain(settings):
        from urllib.parse import urlsplit

        import redis

        parts = urlsplit(settings["REDIS_URL"])
        try:
            redis.Redis.from_url(parts._replace(scheme="redis", query="").geturl()).ping()
        except redis.RedisError:
            return [parts.scheme, "refused"]
        return [parts.scheme, "accepted"]

    assert on_host(plain) in (["rediss", "refused"], ["redis", "accepted"])
