"""The server gets only verifiers of passwords. They are made as the server makes them, and kept as long as they fit."""

from __future__ import annotations

import hashlib
import subprocess

import psycopg2
import pytest
from ansible.module_utils.postgres_scram import fits, verifier
from psycopg2 import sql

PASSWORDS = [
    "plain",
    'it\'s "quoted" `twice` $HOME \\ back %s {{ x }}',
    "naïve パスワード ß ½",
    "I\u00adX",  # a soft hyphen, which SASLprep leaves out
    "a\u00a0b\u3000c",  # spaces of other widths
    "\u2168 \ufb01 \u212b",  # Ⅸ, ﬁ and Å, which have a plainer form
    "e\u0301",  # é of two characters
    "\u200b",  # a space without width
    "\u00ad",  # nothing is left of it
    "שלום",
    "שלום!",  # written to both sides, which SASLprep refuses
    "robot 🤖",  # unknown to SASLprep
    "\u0221",
    "bell\a and é\a",
    "x" * 4096 + "é",
    # Passwords that the server would take for verifiers.
    "md5" + hashlib.md5(b"right", usedforsecurity=False).hexdigest(),
    "SCRAM-SHA-256$4096:QUJD$QUJD:QUJD",
    verifier("another", 4096),
]
ROLE = {"name": "jarvis", "login": True}
EVERYTHING = (
    "log_statement = 'all'",
    "log_min_duration_statement = 0",
    "log_min_duration_sample = 0",
    "log_statement_sample_rate = 1",
    "log_transaction_sample_rate = 1",
    "log_min_error_statement = 'debug5'",
    "log_parser_stats = on",
    "log_duration = on",
    "debug_print_parse = on",
    "debug_print_rewritten = on",
    "debug_print_plan = on",
)


def kept(server):
    return server.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'jarvis'")[0][0]


@pytest.mark.parametrize("password", PASSWORDS, ids=lambda password: ascii(password)[:30])
def test_client_logs_in_with_the_password_that_was_given(server, converge, log_in, password):
    converge({**ROLE, "password": password})
    log_in("jarvis", password)
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        log_in("jarvis", password + "x")
    assert converge({**ROLE, "password": password}) == []


# Texts that the server does not take for verifiers.
@pytest.mark.parametrize("password", PASSWORDS[:-3], ids=lambda password: ascii(password)[:30])
def test_verifier_that_the_server_made_of_the_password_is_kept(server, converge, password):
    server.execute(sql.SQL("ALTER ROLE jarvis LOGIN PASSWORD {}").format(sql.Literal(password)))
    before = kept(server)
    converge({**ROLE, "password": password})
    assert kept(server) == before
    assert not fits(password + "x", 4096, before)


def test_iterations_are_the_servers(server, converge, log_in):
    converge({**ROLE, "password": "right"})
    assert kept(server).startswith("SCRAM-SHA-256$4096:")
    server.execute("ALTER SYSTEM SET scram_iterations = 5000")
    server.execute("SELECT pg_reload_conf()")
    try:
        assert converge({**ROLE, "password": "right"}) == ["jarvis: password"]
        assert kept(server).startswith("SCRAM-SHA-256$5000:")
        assert converge({**ROLE, "password": "right"}) == []
        log_in("jarvis", "right")
    finally:
        server.execute("ALTER SYSTEM RESET scram_iterations")
        server.execute("SELECT pg_reload_conf()")


def test_verifier_that_takes_hours_to_compare_is_replaced_at_once(server, converge):
    converge({**ROLE, "password": "right"})
    # ALTER ROLE cannot set it here, because it would compare for just as long.
    server.execute("UPDATE pg_authid SET rolpassword = replace(rolpassword, '$4096:', '$2000000000:')")
    assert converge({**ROLE, "password": "right"}) == ["jarvis: password"]


def test_every_password_has_a_salt_of_its_own(server, converge):
    found = set()
    for password in ("right", "wrong", "right"):
        converge({**ROLE, "password": password})
        found.add(kept(server))
    assert len(found) == 3


def test_server_that_logs_all_it_can_logs_neither_password_nor_verifier(server, converge):
    for setting in EVERYTHING:
        server.execute(f"ALTER SYSTEM SET {setting}")
    server.execute("SELECT pg_reload_conf()")
    try:
        server.execute("SELECT 'this is logged'")
        assert converge({**ROLE, "password": "never-logged"}) == ["jarvis: password"]
        refused = {**ROLE, "password": "refused-one", "settings": {"statement_timeout": "-5s"}}
        assert "outside the valid range" in converge(refused)
        # The server logs to the container's standard error.
        logged = subprocess.run(
            ["docker", "logs", server.container], capture_output=True, text=True, errors="replace", check=True
        ).stderr
    finally:
        for setting in EVERYTHING:
            server.execute(f"ALTER SYSTEM RESET {setting.split()[0]}")
        server.execute("SELECT pg_reload_conf()")
    assert "this is logged" in logged
    for secret in ("never-logged", "refused-one", "SCRAM-SHA-256$"):
        assert secret not in logged
