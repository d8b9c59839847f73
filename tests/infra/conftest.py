"""What the tests of a deployed host share: its settings, its servers as seen by their clients, complete runs."""

from __future__ import annotations

import pytest
import questions
from ansible.module_utils import container_watch

# A part's folder says how many tests make its run complete; a run that lost some must not pass.
MINIMUM_FILE = "minimum_tests"
MINIMUM_DISRUPTIVE = 5


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
def settings(observed):
    """Return the client settings of the host as {variable: value}."""
    return observed["settings"]


@pytest.fixture(scope="session")
def container(observed):
    """Return a function that tells what the engine knows of a container; a missing one fails with its name."""

    def find(name):
        assert observed["containers"].get(name), f"the container {name} does not exist"
        return observed["containers"][name]

    return find


@pytest.fixture(scope="session")
def privileges(observed):
    """Return a function that tells, as the kernel sees it, what the first process of a container may do."""
    return lambda name: observed["processes"][name]


@pytest.fixture(scope="session")
def seconds_unwatched(observed, container):
    """Return a function that tells how long ago a container's health was last looked at, by the host's own clock."""
    return lambda name: observed["now"] - container_watch.last_check(container(name))


@pytest.fixture(scope="session")
def on_host(host, servers, sockets):
    """Return a function that runs another on the host at once, as a client of all servers; see questions.client."""

    def run(function, *arguments):
        question = questions.Question(function=function, arguments=arguments)
        return questions.value(questions.ask(host, servers, sockets, {question: ""})[question])

    return run
