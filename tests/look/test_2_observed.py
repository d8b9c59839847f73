"""The next plain deployment finds and names whatever was changed by hand, and mends it, or fails and names it."""

from __future__ import annotations

import pytest
from certificates import Authority
from proven_host import recorded_facts

SQL = "docker exec -e PGOPTIONS=-csearch_path= jarvis-postgres psql -X -U postgres -d jarvis -v ON_ERROR_STOP=1 -qc "
REDIS = (
    "REDISCLI_AUTH=$(cat /etc/jarvis/secrets/redis_admin_password) docker exec -e REDISCLI_AUTH jarvis-redis"
    " redis-cli -e --tls --insecure --user admin "
)
# Without the tools for it, which the host lacks.
ACCESS_LIST_GONE = "python3 -c \"import os, sys; os.removexattr(sys.argv[1], 'system.posix_acl_access')\""

# The changes to the host, each with the look's words about it. Those of one group are made together. After one
# deployment, everything is as before.
FILES = {
    "echo '# by hand' >> /etc/jarvis/jarvis.env": "file /etc/jarvis/jarvis.env: content is another one",
    "chmod 0644 /etc/jarvis/jarvis.env": "file /etc/jarvis/jarvis.env: mode is 0644, was 0640",
    "chgrp root /etc/jarvis/jarvis.env": "file /etc/jarvis/jarvis.env: owner is 0:0, was 0:",
    "echo 'hz 50' >> /etc/jarvis/redis/redis.conf": "file /etc/jarvis/redis/redis.conf: content is another one",
    "chmod 0666 /etc/jarvis/redis/redis.conf": "file /etc/jarvis/redis/redis.conf: mode is 0666, was 0644",
    "echo 'work_mem = 1MB' >> /etc/jarvis/postgres/postgresql.conf": "postgresql.conf: content is another one",
    "chown nobody /etc/jarvis/postgres/postgresql.conf": "file /etc/jarvis/postgres/postgresql.conf: owner is 65534:0",
    "sed -i 1d /etc/jarvis/postgres/pg_hba.conf": "file /etc/jarvis/postgres/pg_hba.conf: content is another one",
    "echo '# by hand' >> /etc/jarvis/postgres/pg_ident.conf": "pg_ident.conf: content is another one",
    "echo 'user new on nopass' >> /etc/jarvis/secrets/redis/users.acl": "users.acl: content is another one",
    "chmod 0444 /etc/jarvis/secrets/redis_password": "redis_password: mode is 0444, was 0400",
    "chmod 0777 /etc/jarvis": "folder /etc/jarvis: mode is 0777, was 0750",
    "chown nobody /etc/jarvis/redis": "folder /etc/jarvis/redis: owner is 65534:0, was 0:0",
    "chmod 0755 /etc/jarvis/secrets": "folder /etc/jarvis/secrets: mode is 0755, was 0700",
    "chmod 0755 /etc/jarvis/secrets/ca": "folder /etc/jarvis/secrets/ca: mode is 0755, was 0700",
    "echo 'exit 0' >> /usr/local/sbin/jarvis-firewall": "file /usr/local/sbin/jarvis-firewall: content is another one",
    "chmod 0700 /usr/local/sbin/jarvis-firewall": "file /usr/local/sbin/jarvis-firewall: mode is 0700, was 0755",
    "echo >> /etc/systemd/system/docker.service.d/jarvis-firewall.conf": "jarvis-firewall.conf: content is another one",
    "echo >> /etc/apt/apt.conf.d/52jarvis-docker": "file /etc/apt/apt.conf.d/52jarvis-docker: content is another one",
    "rm /etc/sysctl.d/90-jarvis-redis.conf": "file /etc/sysctl.d/90-jarvis-redis.conf is gone",
    "chmod 0777 /var/lib/jarvis/sockets": "folder /var/lib/jarvis/sockets: mode is 0777, was 0750",
    f"{ACCESS_LIST_GONE} /var/lib/jarvis/sockets": "folder /var/lib/jarvis/sockets: access_list is gone",
    "chown nobody /var/lib/jarvis/sockets/redis": "folder /var/lib/jarvis/sockets/redis: owner is 65534:",
    "chmod 0700 /var/lib/jarvis/sockets/postgres": "folder /var/lib/jarvis/sockets/postgres: mode is 0700, was 0755",
}
ENGINE = {
    "echo '{}' > /etc/docker/daemon.json": "file /etc/docker/daemon.json: content is another one",
    "systemctl --quiet disable docker.service": "service docker: UnitFileState is disabled, was enabled",
    "iptables -F JARVIS": "packet filter: rules is not in force, was in force",
    "docker update --restart no jarvis-redis": "container jarvis-redis: HostConfig.RestartPolicy is",
    "docker update --memory 100m --memory-swap 100m jarvis-redis": "HostConfig.Memory is 104857600, was 134217728",
    "docker update --pids-limit 99 jarvis-postgres": "container jarvis-postgres: HostConfig.PidsLimit is 99, was 512",
}
# The servers themselves do not notice.
SOCKETS = {
    "rm /var/lib/jarvis/sockets/postgres/.s.PGSQL.5432": "asked as an application does at DATABASE_SOCKET_URL: ",
    "rm /var/lib/jarvis/sockets/redis/redis.sock": "asked as an application does at REDIS_SOCKET_URL: ",
}
STILL = {
    "rm /etc/jarvis/postgres/pg_hba.conf": "file /etc/jarvis/postgres/pg_hba.conf is gone",
    "docker stop jarvis-redis": "container jarvis-redis: state is exited, was running",
    "docker pause jarvis-postgres": "container jarvis-postgres: state is paused, was running",
}
MADE_ANEW = {
    "docker rm --force jarvis-postgres": "container jarvis-postgres is gone",
    "docker rm --force jarvis-redis": "container jarvis-redis is gone",
    "rm -r /var/lib/jarvis/sockets": "folder /var/lib/jarvis/sockets is gone",
    # The same image with another id.
    "docker create --name copied jarvis-test/redis:7; docker commit copied jarvis-test/redis:7; docker rm copied": (
        "image jarvis-test/redis:7: id is sha256:"
    ),
}
ROLES = {
    f"{SQL} \"ALTER ROLE jarvis PASSWORD 'by hand'\"": "password of role jarvis: definition is another one",
    f'{SQL} "ALTER ROLE jarvis CONNECTION LIMIT 3"': "role jarvis: definition is another one",
    f'{SQL} "ALTER ROLE jarvis_readonly CREATEDB"': "role jarvis_readonly: definition is another one",
    f"{SQL} \"ALTER ROLE jarvis_readonly SET statement_timeout = '9s'\"": "settings of jarvis_readonly every database",
    f'{SQL} "GRANT jarvis_owner TO jarvis_readonly"': "membership jarvis_readonly jarvis_owner is new",
    f'{SQL} "GRANT CONNECT ON DATABASE jarvis TO PUBLIC"': "database jarvis: definition is another one",
}
LIVE = {
    f"{REDIS} CONFIG SET appendfsync always": "jarvis-redis: setting appendfsync: value is always, was everysec",
    f"{REDIS} CONFIG SET maxmemory-policy allkeys-lru": "jarvis-redis: setting maxmemory-policy: value is allkeys-lru",
    f"{REDIS} CONFIG SET hz 50": "jarvis-redis: setting hz: value is 50, was 10",
    f"{REDIS} ACL SETUSER jarvis +@all": "jarvis-redis: user jarvis: rules is another one",
    f"{REDIS} ACL SETUSER intruder on nopass +@all": "jarvis-redis: user intruder is new",
    f"{REDIS} ACL DELUSER health": "jarvis-redis: user health is gone",
}
# A stopped server cannot be asked, so its settings are not compared. Therefore these changes come before those that
# stop it.
MENDED = [{**ROLES, **LIVE, **FILES, **ENGINE}, SOCKETS, STILL, MADE_ANEW]

# Changes that no deployment mends: it fails and names them. The second statement undoes the first.
DRIFT = [
    (
        "ALTER TABLE public.decision_log DISABLE TRIGGER decision_log_append_only",
        "ALTER TABLE public.decision_log ENABLE ALWAYS TRIGGER decision_log_append_only",
        "trigger public.decision_log.decision_log_append_only",
    ),
    (
        "DROP TRIGGER planning_cycles_append_only ON public.planning_cycles",
        "CREATE TRIGGER planning_cycles_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON public.planning_cycles"
        " FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change('To complete a cycle,"
        " insert a second row whose parent_id is the id of the first.');"
        " ALTER TABLE public.planning_cycles ENABLE ALWAYS TRIGGER planning_cycles_append_only",
        "trigger public.planning_cycles.planning_cycles_append_only",
    ),
    (
        "ALTER TABLE public.agent_state ADD COLUMN extra text",
        "ALTER TABLE public.agent_state DROP COLUMN extra",
        "column public.agent_state.extra",
    ),
    ("CREATE TABLE public.by_hand (id integer)", "DROP TABLE public.by_hand", "table public.by_hand"),
    (
        "CREATE INDEX made_by_hand ON public.memory_facts (created_at)",
        "DROP INDEX public.made_by_hand",
        "index public.made_by_hand",
    ),
    (
        "ALTER TABLE public.memory_facts ALTER COLUMN body DROP NOT NULL",
        "ALTER TABLE public.memory_facts ALTER COLUMN body SET NOT NULL",
        "column public.memory_facts.body",
    ),
    (
        "GRANT TRUNCATE ON public.memory_facts TO jarvis",
        "REVOKE TRUNCATE ON public.memory_facts FROM jarvis",
        "table public.memory_facts",
    ),
    (
        "ALTER TABLE public.planning_cycles DROP CONSTRAINT planning_cycles_parent_id_planning_cycles_id_fk",
        "ALTER TABLE public.planning_cycles ADD CONSTRAINT planning_cycles_parent_id_planning_cycles_id_fk"
        " FOREIGN KEY (parent_id) REFERENCES public.planning_cycles (id)",
        "constraint public.planning_cycles.planning_cycles_parent_id_planning_cycles_id_fk",
    ),
    (
        "ALTER DATABASE jarvis SET timezone = 'Asia/Tokyo'",
        "ALTER DATABASE jarvis RESET timezone",
        "every role",
    ),
    ("ALTER SYSTEM SET work_mem = '9MB'", "ALTER SYSTEM RESET work_mem", "work_mem"),
]


@pytest.fixture(scope="module", autouse=True)
def begin(proven):
    """Begin on a proven host."""


def test_enough_is_tried():
    assert sum(map(len, MENDED)) + len(DRIFT) + 2 >= 45


@pytest.fixture
def expired(host):
    """Put an expired certificate in the place of Redis', with its owner and mode; return its path and text."""
    authority = Authority.load(host.out("cat /etc/jarvis/secrets/ca/ca.key"), host.out("cat /etc/jarvis/ca.crt"))
    folder = "/etc/jarvis/secrets/redis"
    certificate, key = authority.issue("localhost", "127.0.0.1", days=(-3, -1))
    host.run(f"cat > {folder}/server.crt", stdin=certificate)
    host.run(f"cat > {folder}/server.key", stdin=key)
    return f"{folder}/server.crt", certificate


@pytest.mark.parametrize("changes", MENDED, ids=["changed", "sockets", "still", "made anew"])
def test_every_change_is_found_named_and_mended_by_the_next_deployment(deployment, host, changes):
    before = recorded_facts(host)
    for command in changes:
        host.run(command)
    run = deployment()
    named = [expected for expected in changes.values() if expected in run.text]
    print(f"found {len(named)} of {len(changes)}")
    assert sorted(set(changes.values()) - set(named)) == []
    assert run.code == 0
    assert run.proven
    after = recorded_facts(host)
    # A container that was made anew has another id and another host name, and the image has another one as well.
    # A verifier of the same password has another salt.
    new = ("container jarvis-", "image jarvis-", "jarvis-postgres: password of role jarvis: ")
    differing = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert [name for name in sorted(differing) if not name.startswith(new)] == []
    assert {name.rpartition(": ")[2] for name in differing} <= {"id", "image", "Config.Hostname", "definition"}


def test_expired_certificate_is_found_and_renewed(deployment, host, expired):
    path, certificate = expired
    run = deployment()
    assert run.code == 0
    assert f"certificate {path}: certificate: it has expired" in run.text
    assert run.proven
    assert host.out(f"cat {path}") != certificate.strip()


def test_server_that_takes_no_writes_is_found_where_nothing_else_differs(look, host):
    """The servers say the same about themselves as before; only an application would notice."""
    host.run(
        "(echo 'BEGIN; LOCK TABLE public.agent_state IN SHARE MODE; SELECT pg_sleep(25);') |"
        " docker exec -i jarvis-postgres psql -X -q -U postgres -d jarvis >/dev/null 2>&1 &"
    )
    looked = look()
    assert (
        "jarvis-postgres, asked as an application does at DATABASE_URL: canceling statement due to statement timeout"
        in looked.text
    )


def test_data_in_the_place_of_the_servers_own_is_found(look, host):
    """Only the look is tested here. tests/data tests that a deployment refuses this, whatever was recorded."""
    folder = "/var/lib/jarvis/redis"
    host.run(f"mkdir /root/other && mount --bind /root/other {folder}/data")
    looked = look()
    host.run(f"umount {folder}/data")
    assert f"container jarvis-redis: {folder}/data on the host is no longer what it mounts" in looked.text


def test_every_change_of_the_schema_is_found_and_fails_the_deployment_by_its_name(deployment, look, host):
    for statement, _, _ in DRIFT:
        host.sql(statement)
    looked = look()
    run = deployment()
    for _, taken_back, _ in DRIFT:
        host.sql(taken_back)
    print(f"found {sum(named in looked.text for _, _, named in DRIFT)} of {len(DRIFT)}")
    assert [named for _, _, named in DRIFT if named not in looked.text] == []
    assert run.code == 2
    reported = run.text[run.text.index("is not what its migrations make") :]
    assert [named for _, _, named in DRIFT if named not in reported] == []
    # The failed run leaves no record.
    assert not recorded_facts(host)
