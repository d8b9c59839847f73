"""Libraries that applications use work with the client settings as they are, with and without encryption."""

from __future__ import annotations

from pathlib import Path

import pytest

CLIENTS = Path(__file__).parent
PYTHON = sorted(path.name for path in (CLIENTS / "python").glob("use_*.py"))
NODE = sorted(path.name for path in (CLIENTS / "node").glob("use_*.js"))
# Those that take the sockets' addresses as they are. The others have a program that holds the code of docs/clients.md.
PYTHON_BY_SOCKET = ["by_socket.py", *(name for name in PYTHON if name != "use_celery.py")]
NODE_BY_SOCKET = ["by_socket.js", "use_drizzle.js", "use_langgraph.js", "use_pg.js", "use_pg_boss.js"]
LOCKS = {"use_arq.py": "requirements-arq.txt"}


def test_programs_are_all_there():
    assert (len(PYTHON), len(NODE)) == (12, 10)


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "encrypted"])
def deployed(request, deploy):
    """Deploy the host, with and without encryption at 127.0.0.1."""
    assert deploy(tls_enabled=request.param).code == 0
    return request.param


@pytest.mark.parametrize("program", PYTHON)
def test_python_library_does_its_work(deployed, on_host, python, program):
    interpreter = python(LOCKS.get(program, "requirements.txt"))
    assert on_host(interpreter, CLIENTS / "python" / program).returncode == 0


@pytest.mark.parametrize("program", NODE)
def test_node_library_does_its_work(deployed, on_host, node, program):
    assert on_host("node", program, cwd=node).returncode == 0


@pytest.mark.parametrize("program", PYTHON_BY_SOCKET)
def test_python_library_does_its_work_by_the_socket(on_host, python, program):
    interpreter = python(LOCKS.get(program, "requirements.txt"))
    assert on_host(interpreter, CLIENTS / "python" / program, by_socket=True).returncode == 0


@pytest.mark.parametrize("program", NODE_BY_SOCKET)
def test_node_library_does_its_work_by_the_socket(on_host, node, program):
    assert on_host("node", program, cwd=node, by_socket=True).returncode == 0


def test_what_the_libraries_made_is_no_drift(play):
    run = play("playbooks/verify.yml")
    assert run.code == 0


def test_reader_dumps_what_is_ours(host):
    dump = "PGPASSWORD=$(cat /etc/jarvis/secrets/readonly_password) docker exec -e PGPASSWORD jarvis-postgres pg_dump"
    ours = " ".join(f"-t public.{name}" for name in ("agent_state", "tool_calls", "tool_calls_id_seq"))
    assert "CREATE TABLE public.tool_calls" in host.out(f"{dump} -h 127.0.0.1 -U jarvis_readonly {ours} jarvis")
