"""What the Redis image promises."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from image_containers import UNPRIVILEGED, Redis, docker

NewRedis = Callable[[], Redis]


def test_the_image_declares_its_volume_its_port_and_its_folder(redis_image: str):
    config = json.loads(docker("image", "inspect", redis_image))[0]["Config"]
    assert list(config["Volumes"]) == ["/data"]
    assert list(config["ExposedPorts"]) == ["6379/tcp"]
    assert config["WorkingDir"] == "/data"


def test_the_image_is_labelled_as_built_here(redis_image: str):
    labels = json.loads(docker("image", "inspect", redis_image))[0]["Config"]["Labels"]
    assert labels["jarvis.built"] == "true"
    assert labels["org.opencontainers.image.version"].startswith("7.")


def test_an_unprivileged_server_keeps_its_data_over_a_kill(new_redis: NewRedis):
    server = new_redis()
    command = ("redis-server", "--appendonly", "yes", "--appendfsync", "always")
    server.run(*UNPRIVILEGED, "--user=redis", server.volume("/data"), command=command).wait()
    assert server.cli("set", "key", "value") == "OK"
    server.kill().start().wait()
    assert server.cli("get", "key") == "value"


def test_a_server_started_by_root_hands_over_to_redis_also_what_belonged_to_others(new_redis: NewRedis):
    server = new_redis()
    volume = server.volume("/data")
    docker("run", "--rm", "--network=none", volume, server.image, "sh", "-c", "touch x; chown -R 4711:4711 .")
    server.run(volume).wait()
    assert server.sh("stat --format=%U /proc/1", user="redis") == "redis"
    assert server.sh("stat --format=%U /data /data/x") == "redis\nredis"
    server.kill().start().wait()


def test_a_fresh_volume_belongs_to_redis(new_redis: NewRedis):
    server = new_redis()
    server.run("--user=redis", server.volume("/data")).wait()
    assert server.sh("stat --format='%U %G' /data") == "redis redis"


def test_the_server_is_the_first_process_and_redis_7(new_redis: NewRedis):
    server = new_redis().run()
    server.wait()
    assert server.sh("cat /proc/1/comm", user="redis") == "redis-server"
    assert "redis_version:7." in server.cli("info", "server")


def test_options_may_stand_alone(new_redis: NewRedis):
    server = new_redis().run(command=("--maxmemory", "5mb"))
    assert server.wait().cli("config", "get", "maxmemory") == "maxmemory\n5242880"


@pytest.mark.parametrize("name", [(), ("redis-server",)], ids=["alone", "with the program"])
def test_a_configuration_file_is_followed(new_redis: NewRedis, tmp_path: Path, name: tuple[str, ...]):
    (tmp_path / "redis.conf").write_text("maxmemory 6mb\n")
    tmp_path.chmod(0o755)
    server = new_redis().run(f"--volume={tmp_path}:/etc/own:ro", command=(*name, "/etc/own/redis.conf"))
    assert server.wait().cli("config", "get", "maxmemory") == "maxmemory\n6291456"
    assert server.cli("config", "get", "protected-mode") == "protected-mode\nno"


def test_a_client_outside_is_let_in_as_the_official_image_does(new_redis: NewRedis):
    assert new_redis().run().wait().cli("config", "get", "protected-mode") == "protected-mode\nno"


@pytest.mark.parametrize("text", ["protected-mode yes\n", "include /etc/own/more.conf\n"], ids=["itself", "by include"])
def test_a_configuration_file_that_protects_is_followed(new_redis: NewRedis, tmp_path: Path, text: str):
    (tmp_path / "redis.conf").write_text(text)
    (tmp_path / "more.conf").write_text("protected-mode yes\n")
    tmp_path.chmod(0o755)
    server = new_redis().run(f"--volume={tmp_path}:/etc/own:ro", command=("/etc/own/redis.conf",))
    assert server.wait().cli("config", "get", "protected-mode") == "protected-mode\nyes"


def test_stopping_is_clean_and_saves(new_redis: NewRedis):
    server = new_redis()
    server.run("--user=redis", server.volume("/data"), command=("--save", "3600 1")).wait()
    server.cli("set", "key", "value")
    docker("stop", server.name)
    assert server.state("ExitCode") == "0"
    server.start().wait()
    assert server.cli("get", "key") == "value"


@pytest.mark.parametrize("program", ["redis-server", "redis-cli", "redis-benchmark", "redis-check-rdb"])
def test_a_program_is_on_the_path_and_runs(redis_image: str, program: str):
    assert "7.0" in docker("run", "--rm", "--network=none", redis_image, program, "--version")


def test_the_checking_programs_check(new_redis: NewRedis):
    server = new_redis()
    server.run("--user=redis", server.volume("/data"), command=("--appendonly", "yes")).wait()
    server.cli("set", "key", "value")
    server.cli("save")
    assert "RDB looks OK" in server.sh("redis-check-rdb /data/dump.rdb")
    assert "is valid" in server.sh("redis-check-aof /data/appendonlydir/appendonly.aof.manifest")


def test_time_zones_are_known(redis_image: str):
    output = docker(
        "run", "--rm", "--network=none", "--env=TZ=Europe/Berlin", redis_image,
        "date", "--date=2026-07-01 12:00 UTC", "+%H:%M",
    )  # fmt: skip
    assert output == "14:00"


def test_other_commands_simply_run(redis_image: str):
    assert docker("run", "--rm", "--network=none", redis_image, "id", "-un") == "root"
