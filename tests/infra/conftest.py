"""What the tests of a deployed host share: its settings, its servers as seen by their clients, complete runs."""

from __future__ import annotations

import base64
import inspect
import json
import shlex
import textwrap
from functools import cache, partial
from pathlib import Path

import pytest
from deployed import client_settings, database_name, superuser_rows

# A part's folder says how many tests make its run complete; a run that lost some must not pass.
MINIMUM_FILE = "minimum_tests"
MINIMUM_DISRUPTIVE = 5
# What the deployment looks at ports with: who answers at one.
PORTS = Path(__file__).parents[2] / "roles/preflight/module_utils/preflight_ports.py"
UNSENT = "No password was sent."
# There, since what a command holds is seen by every user of the host.
READ_SETTINGS = """
import shlex
words = shlex.split(open("/etc/jarvis/jarvis.env").read(), comments=True)
settings = dict(word.split("=", 1) for word in words)
settings = {name: value for name, value in settings.items() if name in wanted}
"""
# Before a password is sent.
ASK_NOBODY_ELSE = """
found = [doubt for server in servers for doubt in doubts(server)]
if found:
    raise SystemExit("\\n".join([UNSENT, *found]))
"""


def pytest_addoption(parser):
    """Add the options that playbooks/verify.yml uses."""
    parser.addoption("--complete", default="", help="comma-separated parts whose tests have to be there in full")
    parser.addoption("--disruptive", action="store_true", help="run the disruptive tests, and only those")


def pytest_collection_modifyitems(config, items):
    """Keep either the disruptive tests or the others."""
    wanted = config.getoption("disruptive")
    kept = [item for item in items if bool(item.get_closest_marker("disruptive")) == wanted]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def minimum(path):
    """Return the number in a part's file; the disruptive tests have no folder of their own."""
    return int(path.read_text()) if path.parent.name != "disruptive" else MINIMUM_DISRUPTIVE


def pytest_collection_finish(session):
    """Refuse a run that lost tests."""
    for part in filter(None, session.config.getoption("complete").split(",")):
        found = sum(part in item.nodeid.split("::")[0] or part in item.keywords for item in session.items)
        wanted = minimum(session.config.rootpath / "tests/infra" / part / MINIMUM_FILE)
        if found < wanted:
            raise pytest.UsageError(f"{part}: {found} tests were found, at least {wanted} were expected")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn a skipped test into a failed one."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def host(reached_host):
    """Return the host, on which every command runs as root."""
    return reached_host


@pytest.fixture(scope="session")
def settings(host):
    """Return the client settings of the host as {variable: value}."""
    return client_settings(host)


@pytest.fixture(scope="session")
def database(settings):
    """Return the name of the database."""
    return database_name(settings)


@pytest.fixture(scope="session")
def container(host):
    """Return a function that inspects a container by name, once; a missing one fails with its name."""

    @cache
    def inspect_container(name):
        result = host.run(f"docker container inspect {shlex.quote(name)}")
        assert result.rc == 0, f"the container {name} does not exist: {result.stderr}"
        return json.loads(result.stdout)[0]

    return inspect_container


@pytest.fixture(scope="session")
def privileges(host):
    """Return a function that tells, as the kernel sees it, what the main process of a container may do."""

    @cache
    def read_privileges(name):
        pid = host.check_output(f"docker inspect --format '{{{{.State.Pid}}}}' {name}")
        lines = host.check_output(f"cat /proc/{pid}/status").splitlines()
        return {key: value.split() for key, _, value in (line.partition(":") for line in lines)}

    return read_privileges


@pytest.fixture(scope="session")
def admin_sql(host, database):
    """Return a function that runs a query as the superuser over the socket; its rows are lists of strings."""
    return partial(superuser_rows, host, database)


@pytest.fixture
def on_host(host, servers, sockets, request):
    """Return a function that runs a Python function on the host, as an ordinary client of its servers.

    The function gets the host's client settings {variable: value} and the given arguments, has to import what it
    uses itself, and its result comes back through JSON. It is not run while anybody but our servers may answer it.
    Tests of one server get the settings of this one.
    """
    own = f"jarvis-{request.path.parent.name}"
    asked = {own: servers[own]} if own in servers else servers
    wanted = [variable for variables in asked.values() for variable in variables]
    wanted += [variable for name in asked for variable in sockets.get(name.removeprefix("jarvis-"), {}).values()]

    def run(function, *arguments):
        source = "\n".join(
            [
                PORTS.read_text(),
                f"UNSENT, servers, wanted = {UNSENT!r}, {list(asked)!r}, {wanted!r}",
                READ_SETTINGS,
                ASK_NOBODY_ELSE,
                textwrap.dedent(inspect.getsource(function)),
                f"print(json.dumps({function.__name__}(settings, *{arguments!r})))",
            ]
        )
        script = base64.b64encode(source.encode()).decode()
        result = host.run(f"echo {script} | base64 -d | /usr/bin/python3 -")
        if result.rc != 0:
            print(result.stderr)  # all of it, into the report's file
            if result.stderr.startswith(UNSENT):
                pytest.fail(result.stderr.strip(), pytrace=False)
            raise RuntimeError((result.stderr.strip().splitlines() or ["a client ended without a word"])[-1])
        return json.loads(result.stdout)

    return run
