"""The host under test, behind whatever runs commands on it, and what the tests said of it. A pytest plugin."""

from __future__ import annotations

from functools import cached_property

import pytest
import testinfra.host
from obstacles import find_obstacles, needs
from testinfra.backend.base import BaseBackend


class Connection(BaseBackend):
    """Testinfra's way to the host: a function that runs a shell command and returns (exit code, output, errors)."""

    NAME = "ansible"

    def __init__(self, hostname, execute):
        super().__init__(hostname)
        self.execute = execute

    def run(self, command, *args, **_options):
        """Return the result of a shell command."""
        command = self.quote(command, *args)
        code, output, errors = self.execute(command)
        return self.result(code, command.encode(), output, errors)


class ReachedHost:
    """The fixture C(reached_host), and the reports of every test that failed or recorded something."""

    def __init__(self, name, execute, servers, sockets):
        self.name = name
        self.carried = servers  # {name: {account: its variable in the client settings}}
        self.carried_sockets = sockets  # the same for the sockets
        self.testinfra_host = testinfra.host.Host(Connection(name, execute))
        self.passed = 0
        self.failed = []
        self.recorded = []

    @pytest.fixture(scope="session")
    def reached_host(self):
        """Return the host, as testinfra's modules see it."""
        return self.testinfra_host

    @pytest.fixture(scope="session")
    def servers(self):
        """Return {container: [variable of its in the client settings]} of the servers that the host carries."""
        return {f"jarvis-{name}": [*accounts.values()] for name, accounts in self.carried.items()}

    @pytest.fixture(scope="session")
    def accounts(self):
        """Return {server: {account: its variable in the client settings}}."""
        return self.carried

    @pytest.fixture(scope="session")
    def sockets(self):
        """Return {server: {account: its variable for the socket}}, without accounts where there are no sockets."""
        return self.carried_sockets

    @cached_property
    def obstacles(self):
        """What is known to stand in the way of tests."""
        return find_obstacles(self.testinfra_host, self.carried)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item):
        """Fail with the cause alone where one is known already, whatever would follow from it."""
        for name in needs(item, self.carried):
            if name in self.obstacles:
                pytest.fail(self.obstacles[name], pytrace=False)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        """Keep what the verdict is made of."""
        if report.failed:
            self.failed.append(report)
        elif report.when == "call":
            self.passed += 1
        if report.when == "call":
            self.recorded += [f"{name}: {value}" for name, value in report.user_properties]
