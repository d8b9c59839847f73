"""An empty database never takes the place of a lost one: each loss is refused by name, and nothing is touched."""

from __future__ import annotations

import contextlib
import re

import pytest

NOT_CHANGED = "Nothing was changed. This has to be mended first"
POSTGRES = "/var/lib/jarvis/postgres/data"
REDIS = "/var/lib/jarvis/redis/data"


@contextlib.contextmanager
def servers_stopped(host):
    """Stop both servers, and start them in the end."""
    host.run("docker stop jarvis-postgres jarvis-redis")
    yield
    host.run("docker start jarvis-postgres jarvis-redis")


def wait_for_log(container, pattern):
    """Return a command that waits until a text is in a container's log, and fails if it does not come."""
    return f"timeout 60 sh -c 'until docker logs {container} 2>&1 | grep -qE \"{pattern}\"; do sleep 0.2; done'"


def is_lost(text, name, folder, found):
    """Return whether a text says which data the host had, and what was found instead."""
    return re.search(f"The data of {name} is lost: {folder} held the data [-0-9a-f]+, and now {found}[.]", text)


@pytest.fixture(scope="module", autouse=True)
def deployed(deploy, host):
    """Deploy, write a row and a key, and leave the host as it is."""
    assert deploy().code == 0
    host.sql("INSERT INTO public.agent_state (key, value) VALUES ('lost?', '1') ON CONFLICT DO NOTHING")
    host.redis("set lost? 1")


@pytest.fixture
def refused(deploy, host):
    """Return a function that deploys, expects a refusal that touches nothing, and returns the output."""

    def deploy_in_vain(**variables):
        before = host.out("docker ps -a --format '{{.Names}} {{.ID}}' | sort; find /var/lib/jarvis -maxdepth 3 | sort")
        run = deploy(**variables)
        after = host.out("docker ps -a --format '{{.Names}} {{.ID}}' | sort; find /var/lib/jarvis -maxdepth 3 | sort")
        assert run.code == 2
        assert NOT_CHANGED in run.text
        assert before == after
        return run.text

    return deploy_in_vain


def test_folders_that_are_gone(refused, host):
    with servers_stopped(host):
        host.run(f"mv {POSTGRES} {POSTGRES}.kept; mv {REDIS} {REDIS}.kept")
        text = refused()
        # At a boot without the disk, the engine must not start a container on an empty folder.
        started = host.run("docker start jarvis-postgres jarvis-redis", check=False)
        there = host.run(f"ls -d {POSTGRES} {REDIS}", check=False)
        host.run(f"mv {POSTGRES}.kept {POSTGRES}; mv {REDIS}.kept {REDIS}")
    for name, folder in (("postgres", POSTGRES), ("redis", REDIS)):
        assert is_lost(text, name, folder, "the folder does not exist")
        assert f"deploy with -e {name}_allow_empty=true" in text
    assert started.returncode != 0
    assert there.stdout == ""


def rename(host, old, new):
    host.sql(f"ALTER DATABASE {old} RENAME TO {new}", database="postgres")


def test_database_that_is_gone_from_its_server(deploy, host):
    cut_off = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'jarvis'"
    host.sql("ALTER DATABASE jarvis ALLOW_CONNECTIONS false", database="postgres")
    host.sql(cut_off, database="postgres")
    rename(host, "jarvis", "elsewhere")
    preview, run = deploy("--check"), deploy()
    databases = host.sql("SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database", database="postgres")
    allowed = deploy(postgres_allow_empty=True)
    rows = host.sql("SELECT count(*) FROM public.agent_state")
    host.sql("DROP DATABASE jarvis WITH (FORCE)", database="postgres")
    rename(host, "elsewhere", "jarvis")
    host.sql("ALTER DATABASE jarvis ALLOW_CONNECTIONS true", database="postgres")
    for refusal in (preview, run):
        assert refusal.code == 2
        assert (
            "this server had its database, and has no database jarvis now. It has elsewhere, postgres." in refusal.text
        )
    assert databases == "elsewhere postgres template0 template1"
    assert (allowed.code, rows) == (0, "0")
    assert "made a new, empty database jarvis" in allowed.text
    assert host.sql("SELECT count(*) FROM public.agent_state WHERE key = 'lost?'") == "1"


def test_folders_that_were_emptied_start_no_server_by_themselves(refused, host):
    with servers_stopped(host):
        host.run(f"mv {POSTGRES} {POSTGRES}.kept; mv {REDIS} {REDIS}.kept")
        for folder in (POSTGRES, REDIS):
            host.run(f"rm -rf {folder}; mkdir -m 700 {folder}; chown --reference {folder}.kept {folder}")
        text = refused()
        host.run("docker start jarvis-postgres jarvis-redis", check=False)
        host.run(wait_for_log("jarvis-postgres", "needs a password|superuser password is not specified"))
        host.run(wait_for_log("jarvis-redis", "dir .?.data.db|chdir to"))
        there = host.out(f"ls -A {POSTGRES} {REDIS}/db 2>/dev/null || true")
        host.run("docker stop jarvis-postgres jarvis-redis")
        host.run(f"rm -rf {POSTGRES} {REDIS}; mv {POSTGRES}.kept {POSTGRES}; mv {REDIS}.kept {REDIS}")
    assert is_lost(text, "postgres", POSTGRES, "the folder is empty")
    assert is_lost(text, "redis", REDIS, "the folder is empty")
    assert there.replace(f"{POSTGRES}:", "").strip() == ""


def test_data_of_another_server(refused, host):
    image = host.out("docker inspect --format '{{.Image}}' jarvis-postgres")
    with servers_stopped(host):
        host.run(f"mv {POSTGRES} {POSTGRES}.kept; mkdir -m 700 {POSTGRES}")
        host.run(f"chown --reference {POSTGRES}.kept {POSTGRES}")
        host.run(
            f"docker run --rm --network none --user postgres --entrypoint initdb -v {POSTGRES}:/var/lib/postgresql/data"
            f" {image} -D /var/lib/postgresql/data"
        )
        host.run(f"cp -p {REDIS}/db/identity /root/; echo somebody-else > {REDIS}/db/identity")
        text = refused()
        host.run(f"rm -rf {POSTGRES}; mv {POSTGRES}.kept {POSTGRES}; cp -p /root/identity {REDIS}/db/identity")
    assert is_lost(text, "postgres", POSTGRES, "the folder holds the data [0-9]+")
    assert is_lost(text, "redis", REDIS, "the folder holds the data somebody-else")
    assert "remove /etc/jarvis/state/postgres.json" in text


def test_append_only_file_that_is_gone(refused, host):
    with servers_stopped(host):
        host.run(f"mv {REDIS}/db/appendonlydir /root/")
        text = refused()
        host.run(f"mv /root/appendonlydir {REDIS}/db/")
    assert is_lost(text, "redis", REDIS, "the folder lacks the append-only file")


def test_control_file_that_is_gone_is_no_first_start(refused, host):
    with servers_stopped(host):
        host.run(f"mv {POSTGRES}/global/pg_control /root/; mv /etc/jarvis/state/postgres.json /root/")
        text = refused()
        host.run(f"mv /root/pg_control {POSTGRES}/global/; mv /root/postgres.json /etc/jarvis/state/")
    assert "holds a database that cannot be read" in text


def test_host_that_was_deployed_before_any_record_was_kept(refused, host):
    with servers_stopped(host):
        host.run(f"mv {POSTGRES} {POSTGRES}.kept; mv /etc/jarvis/state /root/")
        text = refused()
        host.run(f"mv {POSTGRES}.kept {POSTGRES}; mv /root/state /etc/jarvis/")
    assert "The data of postgres is lost: this host was deployed before" in text


def test_folder_that_was_swapped_below_the_running_server(refused, host):
    before = host.containers()
    host.run(f"mv {POSTGRES} {POSTGRES}.kept; cp -a {POSTGRES}.kept {POSTGRES}")
    text = refused()
    host.run(f"rm -rf {POSTGRES}; mv {POSTGRES}.kept {POSTGRES}")
    assert "jarvis-postgres runs, but works in" in text
    assert "Do not stop it" in text
    assert host.containers() == before


def test_another_container_on_the_data_running_or_stopped(refused, host):
    image = host.out("docker inspect --format '{{.Image}}' jarvis-redis")
    host.run(f"docker create --name stranger -v {POSTGRES}:/var/lib/postgresql/data {image}")
    host.run(f"docker run -d --name worker --entrypoint sleep -v /var/lib/jarvis/redis:/mnt {image} 600")
    text = refused()
    host.run("docker rm -f stranger worker")
    assert f"The container stranger mounts {POSTGRES}, and two servers on the same data destroy it" in text
    assert "The container worker mounts /var/lib/jarvis/redis, and two servers" in text


def test_container_that_reads_the_data_is_no_second_server(deploy, host):
    image = host.out("docker inspect --format '{{.Image}}' jarvis-redis")
    host.run(f"docker create --name reader -v {POSTGRES}:/mnt:ro {image}")
    run = deploy("--check")
    host.run("docker rm -f reader")
    assert run.code == 0


def test_process_that_the_engine_does_not_know_works_on_the_data(refused, host):
    host.run(f"cd {POSTGRES} && (setsid sleep 600 >/dev/null 2>&1 & echo $! > /root/pid)")
    text = refused()
    host.run("kill $(cat /root/pid)")
    assert "works in the data of postgres, and is no process of the container jarvis-postgres" in text


@pytest.mark.parametrize("point", ["/var/lib/jarvis", POSTGRES])
def test_disk_that_is_mounted_where_its_absence_would_not_be_seen(refused, host, point):
    with servers_stopped(host):
        host.run(f"mount --bind {point} {point}")
        text = refused()
        host.run(f"umount {point}")
    assert f"{point} is a mount point" in text
    assert "Mount the disk at /var/lib/jarvis/postgres" in text


def test_moved_data_root_loses_no_row(deploy, host):
    settings = host.out("cat /etc/docker/daemon.json")
    host.run("docker stop jarvis-postgres jarvis-redis")
    host.run("cat > /etc/docker/daemon.json", stdin=settings.replace("{", '{"data-root": "/srv/docker",', 1))
    host.run("systemctl restart docker")
    run = deploy()
    row, key = host.sql("SELECT count(*) FROM public.agent_state WHERE key = 'lost?'"), host.redis("get lost?")
    host.run("docker rm -f jarvis-postgres jarvis-redis")
    host.run("cat > /etc/docker/daemon.json", stdin=settings)
    host.run("systemctl restart docker")
    assert run.code == 0
    assert (row, key) == ("1", "1")


def test_image_that_runs_its_server_as_another_user_gets_the_data(deploy, host):
    host.run(
        "docker build -t jarvis-test/postgres:other-user - <<'EOF'\nFROM jarvis-test/postgres:16\nUSER root\n"
        "RUN sed -i 's/^postgres:x:[0-9]*:[0-9]*:/postgres:x:4711:4711:/' /etc/passwd && "
        "sed -i 's/^postgres:x:[0-9]*:/postgres:x:4711:/' /etc/group && "
        "chown -R 4711:4711 /var/lib/postgresql /var/run/postgresql\nEOF"
    )
    other = {"images_source": "registry", "images_postgres": "jarvis-test/postgres:other-user"}
    preview = deploy("--check", "--diff", **other)
    assert f"would have given {POSTGRES} to the user 4711" in preview.text
    assert host.out(f"stat -c %u {POSTGRES}") != "4711"
    assert deploy(**other).code == 0
    assert host.out(f"stat -c %u {POSTGRES} {POSTGRES}/base/1/PG_VERSION").split() == ["4711", "4711"]
    assert host.sql("SELECT count(*) FROM public.agent_state WHERE key = 'lost?'") == "1"
    # The way back works as well.
    assert deploy().code == 0
    assert host.out(f"stat -c %u {POSTGRES}") != "4711"
    assert host.sql("SELECT count(*) FROM public.agent_state WHERE key = 'lost?'") == "1"


def test_image_that_does_not_start_on_the_data_gives_it_back(deploy, host):
    host.run(
        "docker build -t jarvis-test/postgres:broken - <<'EOF'\nFROM jarvis-test/postgres:other-user\n"
        "RUN printf '#!/bin/sh\\necho no such luck; exit 3\\n' > /usr/local/bin/docker-entrypoint.sh\nEOF"
    )
    owner, before = host.out(f"stat -c %u {POSTGRES}"), host.containers()["/jarvis-postgres"][0]
    run = deploy(images_source="registry", images_postgres="jarvis-test/postgres:broken")
    assert run.code == 2
    assert "The image jarvis-test/postgres:broken does not start on the data" in run.text
    assert "no such luck" in run.text
    assert host.out(f"stat -c %u {POSTGRES} {POSTGRES}/base/1/PG_VERSION").split() == [owner, owner]
    assert host.containers()["/jarvis-postgres"][0] == before
    host.run("until docker exec jarvis-postgres pg_isready --quiet; do sleep 0.2; done")
    assert host.sql("SELECT count(*) FROM public.agent_state WHERE key = 'lost?'") == "1"


def test_operator_who_allows_it_begins_empty_and_keeps_what_was_there(deploy, host):
    host.run("docker stop jarvis-postgres jarvis-redis")
    host.run(f"mv {REDIS} {REDIS}.kept; rm {POSTGRES}/global/pg_control")
    run = deploy(postgres_allow_empty=True, redis_allow_empty=True)
    assert run.code == 0
    assert f"set {POSTGRES} aside as {POSTGRES}.set-aside-" in run.text
    for folder in (POSTGRES, REDIS):
        assert f"made {folder} for a new, empty database" in run.text
    assert host.sql("SELECT count(*) FROM public.agent_state") == "0"
    assert host.redis("exists lost?") == "0"
    assert host.out(f"ls -d {POSTGRES}.set-aside-*/base/1/PG_VERSION | wc -l") == "1"
    run = deploy(postgres_allow_empty=True, redis_allow_empty=True)
    assert (run.code, run.count("changed")) == (0, 0)


def test_first_start_that_was_killed_is_begun_anew(deploy, host):
    host.run("docker rm -f jarvis-postgres")
    host.run(f"mv {POSTGRES} {POSTGRES}.kept; rm /etc/jarvis/state/postgres.json /etc/jarvis/jarvis.env")
    # The official image's entrypoint finds this if initdb was killed early.
    host.run(f"mkdir -p {POSTGRES}/base/1 {POSTGRES}/global {POSTGRES}/pg_wal; echo 16 > {POSTGRES}/PG_VERSION")
    host.run(f"chown -R --reference {POSTGRES}.kept {POSTGRES}; chmod 700 {POSTGRES}")
    run = deploy()
    assert run.code == 0
    assert f"set {POSTGRES} aside as {POSTGRES}.set-aside-" in run.text
    host.wait_until_healthy("jarvis-postgres")
