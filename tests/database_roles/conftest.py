"""One real PostgreSQL 16 that admits roles as on a host: the superuser over the socket, others with a password."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

import ansible.module_utils
import psycopg2
import pytest
from ansible.module_utils import basic

PROJECT = Path(__file__).parents[2]
sys.path.insert(0, str(PROJECT / "tests/schema"))
ansible.module_utils.__path__.append(str(PROJECT / "roles/postgres/module_utils"))

from schema_server import docker, running_server  # noqa: E402

ADMISSION = "local all postgres trust\nlocal all all scram-sha-256\n"


@pytest.fixture(scope="session")
def server():
    with running_server(os.environ["JARVIS_TEST_POSTGRES_IMAGE"], "fsync=off", "log_statement=none") as server:
        server.execute("CREATE DATABASE jarvis OWNER jarvis_owner")
        file = server.execute("SHOW hba_file")[0][0]
        docker("exec", server.container, "sh", "-c", f"printf '{ADMISSION}' > {file}")
        server.execute("SELECT pg_reload_conf()")
        yield server


@pytest.fixture(scope="session")
def module():
    spec = importlib.util.spec_from_file_location(
        "postgres_roles", PROJECT / "roles/postgres/library/postgres_roles.py"
    )
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture
def settle(server, module, monkeypatch, capsys):
    """Return a function that runs the module for some roles and returns its whole result."""

    def run(*roles, **arguments):
        given = {"login_unix_socket": server.socket, "roles": list(roles), **arguments}
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode())
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy")
        with pytest.raises(SystemExit):
            module.main()
        told = json.loads(capsys.readouterr().out)
        assert not told.get("failed"), told
        assert told["changed"] == bool(told["changes"])
        return told

    return run


@pytest.fixture
def converge(settle):
    """Return a function that runs the module for some roles and returns the changes, or the problem."""

    def run(*roles, **arguments):
        told = settle(*roles, **arguments)
        return told["problem"] or told["changes"]

    return run


@pytest.fixture
def log_in(server):
    """Return a function that logs a role in with a password, and returns its session."""
    sessions = []

    def connect(user, password, database="jarvis"):
        sessions.append(psycopg2.connect(host=server.socket, user=user, password=password, dbname=database))
        sessions[-1].autocommit = True
        return sessions[-1]

    yield connect
    for session in sessions:
        session.close()
