"""The ways back in docs/operations.md work if they are typed as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
HEALTHY = "until [ $(docker inspect --format '{{.State.Health.Status}}' jarvis-redis) = healthy ]; do sleep 1; done"


def scripts(document, heading):
    """Return the shell scripts below a heading of a document."""
    text = (DOCS / document).read_text()
    section = text[text.index(f"## {heading}\n") :].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


@pytest.fixture(autouse=True)
def deployed(deploy, host):
    """Begin with a healthy host, and with a row and a key on it."""
    assert deploy().code == 0
    host.sql("INSERT INTO public.agent_state (key, value) VALUES ('back?', '1') ON CONFLICT DO NOTHING")
    host.redis("set back? 1")


def test_database_comes_back_from_a_dump(deploy, host):
    host.sql("SET ROLE jarvis; CREATE TABLE IF NOT EXISTS public.own AS SELECT 7 AS a")
    host.run("docker exec jarvis-postgres pg_dump -U postgres -Fc jarvis >/root/jarvis.dump")
    host.run("docker exec jarvis-postgres dropdb -U postgres --force jarvis")
    word, copy = scripts("operations.md", "The database is lost")
    assert word == "./jarvis deploy --tags postgres -e postgres_allow_empty=true\n"
    assert deploy("--tags", "postgres", postgres_allow_empty=True).code == 0
    host.run(f"cd /root && {copy}")
    (restore,) = scripts("security.md", "Restore a dump")
    inside = "docker exec -i -e PGPASSWORD jarvis-postgres sh -e"
    host.run(f"PGPASSWORD=$(cat /etc/jarvis/secrets/postgres_password) {inside}", stdin=restore)
    assert deploy().code == 0
    assert host.sql("SELECT count(*) FROM public.agent_state WHERE key = 'back?'") == "1"
    assert host.sql("SELECT a FROM public.own") == "7"


def test_redis_comes_back_from_its_memory(deploy, host):
    look, copy, begin = scripts("operations.md", "`… runs, but works in …`")
    host.run("rm -rf /var/lib/jarvis/redis/data/db")
    assert host.out(look.replace("jarvis-postgres", "jarvis-redis")) == ""
    assert "jarvis-redis runs, but works in " in deploy().text
    host.run(copy)
    assert deploy(redis_allow_empty=True).code == 0
    assert host.redis("get back?") == ""
    host.run(begin)
    host.run(HEALTHY)
    assert host.redis("get back?") == "1"
    assert deploy().code == 0


def test_folder_with_another_name_is_put_back(deploy, host):
    (look, *_rest) = scripts("operations.md", "`… runs, but works in …`")
    host.run("mv /var/lib/jarvis/postgres/data /var/lib/jarvis/postgres/renamed")
    assert "PG_VERSION" in host.out(look)
    assert "jarvis-postgres runs, but works in " in deploy().text
    host.run("docker rm -f jarvis-postgres && mv /var/lib/jarvis/postgres/renamed /var/lib/jarvis/postgres/data")
    assert deploy().code == 0
    assert host.sql("SELECT count(*) FROM public.agent_state WHERE key = 'back?'") == "1"
