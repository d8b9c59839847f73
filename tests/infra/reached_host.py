"""The host under test, behind whatever runs commands on it, and what the tests said of it. A pytest plugin."""

from __future__ import annotations

from functools import cached_property

import pytest
import testinfra.host
from obstacles import find_obstacles, needs, observe
from questions import ask, asked_by
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
        """Return {container: [variable of its socket in the client settings]}, none where there are no sockets."""
        return {f"jarvis-{name}": [*accounts.values()] for name, accounts in self.carried_sockets.items()}

    @pytest.fixture(scope="session")
    def socket_accounts(self):
        """Return {server: {account: variable of its socket in the client settings}}."""
        return self.carried_sockets

    @pytest.fixture(scope="session")
    def observed(self):
        """Return what host_side/observation.py tells of the host."""
        return self.observation

    @pytest.fixture(scope="session")
    def answers(self, servers, sockets, request):
        """Return {question: answer} of all tests that nothing stands in the way of."""
        items = [item for item in request.session.items if not self.obstacle(item)]
        return ask(self.testinfra_host, servers, sockets, asked_by(items, servers))

    # Named by what an answer takes of the host: obstacles.py looks at them.
    @pytest.fixture(scope="session")
    def client_answers(self, answers):
        """Return the answers to clients of the servers."""
        return answers

    @pytest.fixture(scope="session")
    def superuser_answers(self, answers):
        """Return the answers to the superuser."""
        return answers

    @cached_property
    def observation(self):
        """What the host says of its servers."""
        return observe(self.testinfra_host, self.carried)

    @cached_property
    def obstacles(self):
        """What is known to stand in the way of tests."""
        return find_obstacles(self.testinfra_host, self.carried, self.observation)

    def obstacle(self, item):
        """Return what stands in the way of a test, None where nothing does."""
        return next((self.obstacles[need] for need in needs(item, self.carried) if need in self.obstacles), None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item):
        """Fail with the cause alone where one is known already, whatever would follow from it."""
        cause = self.obstacle(item)
        if cause:
            pytest.fail(cause, pytrace=False)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        """Keep what the verdict is made of."""
        if report.failed:
            self.failed.append(report)
        elif report.when == "call":
            self.passed += 1
        if report.when == "call":
            self.recorded += [f"{name}: {value}" for name, value in report.user_properties]
