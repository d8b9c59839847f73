"""An application in a container of the network reaches both servers by their names, as docs/clients.md has it."""

from __future__ import annotations

import pytest

ENVIRONMENT = "set -a; . /etc/jarvis/jarvis.env; PASSWORD=$(cat /etc/jarvis/secrets/redis_password)"
RUN = "docker run --rm --network jarvis --user root --entrypoint sh"
AUTHORITY = "-v /etc/jarvis/ca.crt:/etc/jarvis/ca.crt:ro"


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_application_in_a_container_reaches_both_servers(deploy, host, encrypted):
    assert deploy(tls_enabled=encrypted, tls_names=["jarvis-postgres", "jarvis-redis"]).code == 0
    authority, options = (AUTHORITY, "--tls --cacert /etc/jarvis/ca.crt --sni jarvis-redis") if encrypted else ("", "")
    address = "$(echo \"$DATABASE_URL\" | sed 's/@127.0.0.1:/@jarvis-postgres:/')"
    postgres = f'{RUN} {authority} -e URL={address} jarvis-test/postgres:16 -c \'psql "$URL" -Atc "SELECT 42"\''
    ping = f"redis-cli {options} -h jarvis-redis --user jarvis ping"
    redis = f"{RUN} {authority} -e REDISCLI_AUTH=$PASSWORD jarvis-test/redis:7 -c '{ping}'"
    answers = [host.out(f"{ENVIRONMENT}; {command}") for command in (postgres, redis)]
    assert deploy().code == 0
    assert answers == ["42", "PONG"]
