"""What was written before survives whatever happens to a container, the engine or the host."""

from __future__ import annotations

import time

import pytest

pytestmark = pytest.mark.disruptive

RETURN_SECONDS = 180


def write(settings, marker):
    import psycopg2
    import redis

    if "DATABASE_URL" in settings:
        connection = psycopg2.connect(settings["DATABASE_URL"])
        with connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO agent_state (key, value) VALUES (%s, '{\"kept\": true}')", (marker,))
    if "REDIS_URL" in settings:
        client = redis.Redis.from_url(settings["REDIS_URL"])
        client.set(marker, "kept")
        with client.pipeline(transaction=True) as transaction:
            transaction.rpush(f"{marker}:waiting", "job 1", "job 2")
            transaction.xadd(f"{marker}:stream", {"field": "value"})
            transaction.execute()
        client.eval(
            "redis.call('SET', KEYS[1], 'kept') redis.call('INCR', KEYS[2])", 2, f"{marker}:script", f"{marker}:runs"
        )
        client.blpop(f"{marker}:waiting", 1)
        client.brpoplpush(f"{marker}:waiting", f"{marker}:active", 1)
        function = "function(keys) return redis.call('SET', keys[1], 'kept') end"
        library = f"#!lua name=verify_persistence\nredis.register_function('verify_persistence', {function})"
        client.execute_command("FUNCTION", "LOAD", "REPLACE", library)
        client.execute_command("FCALL", "verify_persistence", 1, f"{marker}:function")


def read_and_remove(settings, marker):
    import psycopg2
    import redis

    found = {}
    if "DATABASE_URL" in settings:
        connection = psycopg2.connect(settings["DATABASE_URL"], connect_timeout=5)
        with connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM agent_state WHERE key = %s RETURNING value", (marker,))
            found["postgres"] = cursor.fetchone()[0]
    if "REDIS_URL" in settings:
        client = redis.Redis.from_url(settings["REDIS_URL"], decode_responses=True)
        names = (marker, f"{marker}:script", f"{marker}:runs", f"{marker}:function")
        lists = (f"{marker}:waiting", f"{marker}:active")
        found["redis"] = [client.get(name) for name in names]
        found["queue"] = [client.lrange(name, 0, -1) for name in lists]
        found["stream"] = client.xlen(f"{marker}:stream")
        found["function"] = client.execute_command("FCALL", "verify_persistence", 1, marker)
        client.execute_command("FUNCTION", "DELETE", "verify_persistence")
        client.delete(*names, *lists, f"{marker}:stream")
    return found


def boot(host):
    """Return what differs between two boots of a host: the kernel's boot id and the start of its first process."""
    return host.check_output("cat /proc/sys/kernel/random/boot_id; cut -d' ' -f22 /proc/1/stat")


def reboot(host):
    before = boot(host)
    host.run("nohup sh -c 'sleep 1; systemctl reboot' >/dev/null 2>&1 &")
    return lambda: boot(host) != before


def process_ids(host, names):
    return set(host.check_output(f"docker inspect --format '{{{{.State.Pid}}}}' {names}").split())


def crash(host, names):
    before = process_ids(host, names)
    host.check_output(f"kill -9 {' '.join(before)}")
    # Until the engine has noticed, and started them again, it still calls them healthy.
    return lambda: not process_ids(host, names) & (before | {"0"})


EVENTS = {
    "restart": lambda host, names: host.check_output(f"docker restart {names}"),
    "kill_and_start": lambda host, names: host.check_output(f"docker kill {names} && docker start {names}"),
    "crash": crash,
    "engine_restart": lambda host, names: host.check_output("systemctl restart docker"),
    "reboot_of_the_host": lambda host, names: reboot(host),
}


def wait_until(what, condition):
    """Wait until C(condition()) holds; errors count as no, since a host may be away meanwhile."""
    deadline = time.monotonic() + RETURN_SECONDS
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except (AssertionError, RuntimeError):
            pass
        time.sleep(1)
    pytest.fail(f"{what} did not come true within {RETURN_SECONDS} s")


def all_healthy(host, names):
    states = host.check_output(f"docker inspect --format '{{{{.State.Health.Status}}}}' {names}")
    return set(states.split()) == {"healthy"}


@pytest.mark.parametrize("event", EVENTS)
def test_row_and_key_survive(host, settings, servers, on_host, event):
    names = " ".join(servers)
    marker = f"verify:persistence:{event}:{time.time_ns()}"
    on_host(write, marker)
    happened = EVENTS[event](host, names)
    if callable(happened):
        wait_until(event, happened)
    wait_until(f"the health of {names}", lambda: all_healthy(host, names))
    expected = {}
    if "DATABASE_URL" in settings:
        expected["postgres"] = {"kept": True}
    if "REDIS_URL" in settings:
        expected["redis"] = ["kept", "kept", "1", "kept"]
        expected["queue"] = [[], ["job 2"]]
        expected["stream"] = 1
        expected["function"] = "OK"
    assert on_host(read_and_remove, marker) == expected
