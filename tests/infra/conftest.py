"""What the tests of a deployed host share: its settings, its servers as seen by their clients, complete runs."""

from __future__ import annotations

import base64
import inspect
import json
import shlex
import tempfile
import textwrap
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

# At least so many tests make a run complete; a run that lost some must not pass.
MINIMUM_TESTS = {"common": 8, "postgres": 72, "redis": 18, "disruptive": 5}
LOG_LINES = 20
# What the deployment looks at ports with: who answers at one.
PORTS = Path(__file__).parents[2] / "roles/preflight/module_utils/preflight_ports.py"
# Before a password is sent.
ASK_NOBODY_ELSE = """
servers = {"DATABASE_URL": "jarvis-postgres", "REDIS_URL": "jarvis-redis"}
found = [doubt for variable, server in servers.items() if variable in settings for doubt in doubts(server)]
if found:
    raise SystemExit("\\n".join(["No password was sent.", *found]))
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


def pytest_collection_finish(session):
    """Refuse a run that lost tests."""
    for part in filter(None, session.config.getoption("complete").split(",")):
        found = sum(part in item.nodeid.split("::")[0] or part in item.keywords for item in session.items)
        if found < MINIMUM_TESTS[part]:
            raise pytest.UsageError(f"{part}: {found} tests were found, at least {MINIMUM_TESTS[part]} were expected")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn a skipped test into a failed one, and show a failed one the servers' last log lines."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
    if report.failed and "host" in item.funcargs:
        for name in ("jarvis-postgres", "jarvis-redis"):
            logs = item.funcargs["host"].run(f"docker logs --tail {LOG_LINES} {name} 2>&1")
            report.sections.append((f"last log lines of {name}", logs.stdout))
    return report


def pytest_terminal_summary(terminalreporter):
    """Show the figures that tests recorded, such as the days a certificate has left."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="session")
def ssh_options(request):
    """Return the options that ssh is given: those of the inventory, and that all commands share one connection."""
    given = request.config.getoption("ssh_extra_args") or ""
    with tempfile.TemporaryDirectory(prefix="jarvis-") as sockets:
        yield given if "controlpath" in given.lower() else f"{given} -o ControlPath={sockets}/%C"


@pytest.fixture(scope="module")
def host(host, ssh_options):
    """Return the host; testinfra knows the option --ssh-extra-args and does not hand it to its connection."""
    host.backend.ssh_extra_args = ssh_options
    return host


@pytest.fixture(scope="module", autouse=True)
def as_root(host):
    """Be root on the host, through sudo where we are not."""
    if host.run("id -u").stdout.strip() == "0":
        yield
    elif host.run("sudo -n true").rc != 0:
        pytest.exit("verification needs root on the host, or sudo without a password", returncode=1)
    else:
        with host.sudo():
            yield


@pytest.fixture(scope="module")
def settings(as_root, host):
    """Return the client settings of the host as {variable: value}."""
    words = shlex.split(host.file("/etc/jarvis/jarvis.env").content_string, comments=True)
    return dict(word.split("=", 1) for word in words)


@pytest.fixture(scope="module")
def database(settings):
    """Return the name of the database."""
    return unquote(urlsplit(settings["DATABASE_URL"]).path[1:])


@pytest.fixture(scope="module")
def container(as_root, host):
    """Return a function that inspects a container by name, once; a missing one fails with its name."""

    @cache
    def inspect_container(name):
        result = host.run(f"docker container inspect {shlex.quote(name)}")
        assert result.rc == 0, f"the container {name} does not exist: {result.stderr}"
        return json.loads(result.stdout)[0]

    return inspect_container


@pytest.fixture(scope="module")
def privileges(as_root, host):
    """Return a function that tells, as the kernel sees it, what the main process of a container may do."""

    @cache
    def read_privileges(name):
        pid = host.check_output(f"docker inspect --format '{{{{.State.Pid}}}}' {name}")
        lines = host.check_output(f"cat /proc/{pid}/status").splitlines()
        return {key: value.split() for key, _, value in (line.partition(":") for line in lines)}

    return read_privileges


@pytest.fixture(scope="module")
def admin_sql(host, database):
    """Return a function that runs a query as the superuser over the socket; its rows are lists of strings."""

    def query(sql):
        script = base64.b64encode(sql.encode()).decode()
        # The application may create functions and operators in public; a name without schema must not find one.
        command = (
            f"env PGOPTIONS=-csearch_path= psql -X -U postgres -d {database} -v ON_ERROR_STOP=1 --csv -t -P null=NULL"
        )
        result = host.run(f"echo {script} | base64 -d | docker exec -i jarvis-postgres {command}")
        assert result.rc == 0, f"jarvis-postgres refused a query: {result.stderr}"
        return [line.split(",") for line in result.stdout.splitlines()]

    return query


@pytest.fixture
def on_host(host):
    """Return a function that runs a Python function on the host, as an ordinary client of its servers.

    The function gets the host's client settings {variable: value} and the given arguments, has to import what it
    uses itself, and its result comes back through JSON. It is not run while anybody but our servers may answer it.
    """

    def run(function, *arguments):
        source = "\n".join(
            [
                PORTS.read_text(),
                "import shlex",
                "words = shlex.split(open('/etc/jarvis/jarvis.env').read(), comments=True)",
                "settings = dict(word.split('=', 1) for word in words)",
                ASK_NOBODY_ELSE,
                textwrap.dedent(inspect.getsource(function)),
                f"print(json.dumps({function.__name__}(settings, *{arguments!r})))",
            ]
        )
        script = base64.b64encode(source.encode()).decode()
        result = host.run(f"echo {script} | base64 -d | /usr/bin/python3 -")
        assert result.rc == 0, f"{function.__name__} failed on the host:\n{result.stderr}"
        return json.loads(result.stdout)

    return run
