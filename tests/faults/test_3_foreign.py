"""Things of others that have our names are refused by name and left as they are. Ours come back afterwards."""

from __future__ import annotations

import pytest

ROW = "INSERT INTO public.agent_state (key, value) VALUES ('foreign', '{}') ON CONFLICT (key) DO NOTHING"
IMAGE = "docker image ls --format '{{.Repository}}:{{.Tag}}' | grep redis | head -n 1"


@pytest.mark.parametrize(
    ("prepare", "look", "undo", "told"),
    [
        (
            f"docker rm -f jarvis-redis; docker run -d --name jarvis-redis $({IMAGE}) sleep 600",
            "docker inspect --format '{{.Id}} {{.State.StartedAt}}' jarvis-redis",
            "docker rm -f jarvis-redis",
            "A container named jarvis-redis is here that is not ours (image",
        ),
        (
            "docker rm -f jarvis-postgres jarvis-redis; docker network rm jarvis; docker network create jarvis;"
            f" docker run -d --name shop --network jarvis --network-alias till $({IMAGE}) sleep 600",
            "docker network inspect jarvis; docker inspect --format '{{.State.StartedAt}}' shop",
            "docker rm -f shop; docker network rm jarvis",
            "A network named jarvis is here that is not ours; its containers: shop. It would be replaced.",
        ),
        (
            "mv /etc/jarvis /etc/jarvis.kept; mkdir -m 700 /etc/jarvis; echo theirs > /etc/jarvis/their.conf",
            "stat -c '%U %G %a' /etc/jarvis; cat /etc/jarvis/*",
            "rm -r /etc/jarvis; mv /etc/jarvis.kept /etc/jarvis",
            "/etc/jarvis holds somebody else's files (their.conf), and would get another owner and mode.",
        ),
    ],
    ids=["container", "network", "folder"],
)
def test_what_is_somebody_elses_is_left_alone(deploy, host, prepare, look, undo, told):
    assert deploy().code == 0
    host.sql(ROW)
    host.run(prepare)
    before = host.out(look)
    run = deploy()
    after = host.out(look)
    host.run(undo)
    assert run.code == 2
    assert f"Nothing was changed. This has to be mended first: - {told}" in run.text
    assert before == after
    assert deploy().code == 0
    assert host.sql("SELECT count(*) FROM public.agent_state WHERE key = 'foreign'") == "1"
