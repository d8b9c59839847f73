"""A deployed host: further runs change what was asked for and nothing else."""

from __future__ import annotations

import json
import re

SENTINEL = "INSERT INTO public.agent_state (key, value) VALUES ('faults', '{}') ON CONFLICT (key) DO NOTHING"


def test_second_run_changes_nothing_and_is_short(deploy, host):
    assert deploy().code == 0
    before = host.containers()
    run = deploy()
    assert run.code == 0
    assert run.count("changed") == 0
    assert host.containers() == before
    # The number of tasks of a whole deployment; two more verify it.
    assert run.count("ok") <= 28


def test_preview_of_a_deployed_host_has_nothing_to_change(deploy):
    run = deploy("--check", "--diff")
    assert run.code == 0
    assert run.count("changed") == 0


def test_schema_is_looked_at_alone_by_its_tag(deploy):
    run = deploy("--tags", "schema")
    assert (run.code, run.count("changed")) == (0, 0)
    assert "TASK [schema : Apply the schema]" in run.text
    assert not re.search(r"TASK \[(postgres|redis|client) :", run.text)


def test_reloadable_setting_is_reloaded_without_a_restart(deploy, host):
    before = host.containers()
    run = deploy(postgres_settings={"log_min_duration_statement": "5s"}, redis_settings={"tcp-keepalive": 120})
    assert run.code == 0
    assert host.sql("SHOW log_min_duration_statement") == "5s"
    assert host.redis("CONFIG GET tcp-keepalive").splitlines() == ["tcp-keepalive", "120"]
    assert host.containers() == before
    # The server has read the file after its change, also in whole seconds, which are all that it knows of a file's
    # time. So the next deployment sees that the file was read.
    assert (
        host.sql(
            "SELECT date_trunc('second', pg_conf_load_time()) > (pg_stat_file(current_setting('config_file'))).change"
        )
        == "t"
    )


def test_setting_that_needs_it_restarts_that_server_alone(deploy, host):
    before = host.containers()
    run = deploy(postgres_settings={"max_connections": 90})
    assert run.code == 0
    after = host.containers()
    assert host.sql("SHOW max_connections") == "90"
    assert after["/jarvis-postgres"][0] == before["/jarvis-postgres"][0]
    assert after["/jarvis-postgres"][1] != before["/jarvis-postgres"][1]
    assert after["/jarvis-redis"] == before["/jarvis-redis"]


def test_setting_that_does_not_exist_is_named_and_never_reaches_its_file(deploy, host):
    before = host.containers()
    files = host.out("cat /etc/jarvis/postgres/postgresql.conf /etc/jarvis/redis/redis.conf")
    run = deploy(postgres_settings={"no_such_setting": 1})
    assert run.code == 2
    assert 'unrecognized configuration parameter "no_such_setting"' in run.text
    run = deploy("--tags", "redis", redis_settings={"no-such-setting": 1})
    assert run.code == 2
    assert "no-such-setting 1" in run.text
    assert host.containers() == before
    assert host.out("cat /etc/jarvis/postgres/postgresql.conf /etc/jarvis/redis/redis.conf") == files


def test_memory_limit_is_raised_and_only_postgresql_needs_a_new_container_for_it(deploy, host):
    before = host.containers()
    larger = {"postgres_memory_mb": 2048, "redis_memory_mb": 512}
    run = deploy("--check", "--diff", **larger)
    assert run.code == 0
    assert host.containers() == before
    assert deploy(**larger).code == 0
    limits = host.out("docker inspect --format '{{.HostConfig.Memory}}' jarvis-postgres jarvis-redis")
    assert limits.split() == ["2147483648", "536870912"]
    assert host.redis("CONFIG GET maxmemory").splitlines() == ["maxmemory", "268435456"]
    after = host.containers()
    # The memory limit of a single process changes as well, and a running container cannot be given a new one.
    assert after["/jarvis-postgres"] != before["/jarvis-postgres"]
    assert after["/jarvis-redis"] == before["/jarvis-redis"]
    assert deploy().code == 0


def test_preview_names_an_image_that_is_not_there_yet(deploy):
    run = deploy("--check", images_source="registry", images_postgres="postgres:16.99")
    assert run.code == 0
    assert "Would pull postgres:16.99" in run.text
    assert "Would then run: jarvis-postgres, jarvis-redis" in run.text


def test_removed_containers_come_back_with_every_row_and_key(deploy, host):
    host.sql(SENTINEL)
    host.redis("SET faults kept")
    host.run("docker rm -f jarvis-postgres jarvis-redis")
    assert deploy().code == 0
    assert host.sql("SELECT count(*) FROM public.agent_state WHERE key = 'faults'") == "1"
    assert host.redis("GET faults") == "kept"


def test_down_removes_the_containers_and_keeps_the_data(play, deploy, host):
    before = host.containers()
    unasked = play("playbooks/down.yml")
    assert unasked.code == 2
    assert "Nothing was done. Stop and remove jarvis-redis and jarvis-postgres: that wants a yes" in unasked.text
    assert host.containers() == before
    assert play("playbooks/down.yml", confirmed=True).code == 0
    assert host.out("docker ps --all --quiet") == ""
    assert deploy().code == 0
    assert host.sql("SELECT count(*) FROM public.agent_state WHERE key = 'faults'") == "1"
    assert host.redis("GET faults") == "kept"


def test_engine_settings_of_others_are_kept_and_containers_outlive_the_restart(deploy, host):
    path = "/etc/docker/daemon.json"
    engine = "systemctl show --property=MainPID docker"
    before, old_engine = host.containers(), host.out(engine)
    settings = json.loads(host.out(f"cat {path}"))
    theirs = {**settings, "shutdown-timeout": 20, "log-opts": {"max-size": "1m"}}
    host.run(f"cat > {path} <<'EOF'\n{json.dumps(theirs)}\nEOF")
    assert deploy("--tags", "docker").code == 0
    assert json.loads(host.out(f"cat {path}")) == {**settings, "shutdown-timeout": 20}
    assert host.out(engine) != old_engine
    assert host.containers() == before


def test_engine_is_held_from_unattended_upgrades_unless_told_otherwise(deploy, host):
    blacklist = "apt-config dump Unattended-Upgrade::Package-Blacklist"
    assert 'Unattended-Upgrade::Package-Blacklist:: "docker\\.io$";' in host.out(blacklist)
    run = deploy("--tags", "docker", docker_hold_enabled=False)
    assert (run.code, run.count("changed")) == (0, 1)
    assert "docker" not in host.out(blacklist)
    run = deploy("--tags", "docker")
    assert (run.code, run.count("changed")) == (0, 1)
    assert 'Unattended-Upgrade::Package-Blacklist:: "containerd$";' in host.out(blacklist)


def test_kernel_setting_for_redis_lasts_over_a_boot(host):
    assert "vm.overcommit_memory=1" in host.out("cat /etc/sysctl.d/90-jarvis-redis.conf")


def test_broken_engine_settings_are_refused_and_kept(deploy, host):
    path = "/etc/docker/daemon.json"
    good = host.out(f"cat {path}")
    host.run(f"echo '{{broken' > {path}")
    run = deploy()
    broken = host.out(f"cat {path}")
    host.run(f"cat > {path} <<'EOF'\n{good}\nEOF")
    assert run.code == 2
    assert "/etc/docker/daemon.json holds no valid JSON object" in run.text
    assert broken == "{broken"


def test_image_of_another_major_than_the_data_is_refused(deploy, host):
    before = host.containers()
    run = deploy(images_source="registry", images_postgres="postgres:17-alpine")
    assert run.code == 2
    assert "images_postgres is postgres:17-alpine (PostgreSQL 17), but the data of this host was written by" in run.text
    assert "written by PostgreSQL 16" in run.text
    assert host.containers() == before


def test_status_shows_both_servers(play):
    run = play("playbooks/status.yml")
    assert run.code == 0
    assert "jarvis-postgres: Up" in run.text
    assert "jarvis-redis: Up" in run.text
    assert "/var/lib/jarvis/postgres: " in run.text
    assert "numbers" not in run.text


def test_status_warns_of_ids_that_near_their_end(play, host):
    past_half = "CREATE TABLE public.%s (n smallserial); SELECT setval('public.%s_n_seq', 16384)"
    before = host.sql("SELECT concat_ws(', ', last_value, is_called::text) FROM public.agent_state_id_seq")
    host.sql("ALTER TABLE public.agent_state ALTER COLUMN id RESTART WITH 1073741824")
    try:
        host.sql("SELECT nextval('public.agent_state_id_seq')")
        host.sql("SET ROLE jarvis_owner; " + past_half % ("ours", "ours"))
        host.sql("SET ROLE jarvis; " + past_half % ("its_own", "its_own"))
        run = play("playbooks/status.yml")
    finally:
        host.sql("DROP TABLE IF EXISTS public.ours, public.its_own")
        host.sql(f"SELECT setval('public.agent_state_id_seq', {before})")
    assert run.code == 0
    assert (
        "WARNING: public.agent_state.id of the database jarvis has used 50 % of its numbers (1073741824 of 2147483647)."
        " After the last one, no row can be inserted. A migration makes it bigint: docs/operations.md,"
        ' "An id nears its end"' in run.text
    )
    assert "public.ours.n of the database jarvis has used 50 % of its numbers (16384 of 32767)" in run.text
    assert "its_own" not in run.text


def test_status_says_that_a_server_cannot_be_asked_for_its_ids(play, host):
    host.run("docker pause jarvis-postgres")
    try:
        run = play("playbooks/status.yml")
    finally:
        host.run("docker unpause jarvis-postgres")
    assert run.code == 0
    assert "WARNING: jarvis-postgres could not be asked how many numbers its ids have used: " in run.text
    assert "is paused" in run.text
