"""What tests ask the host, declared where its answer is used and asked in one go with all others.

A process on the host and a login for each question is what would take time. Each declaration is a fixture, whose value
is the answer:

    @client
    def zone(settings): ...                # runs on the host, as a client of the tests' server

    version = superuser("SHOW server_version_num")
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from host_process import call_on_host


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked: a query of the superuser, or a function with its arguments."""

    query: str = ""
    function: Callable | None = None
    arguments: tuple = ()

    def for_host(self, server):
        """Return it as host_side/answers.py takes it; C(server) is the container whose client asks, or empty."""
        if self.query:
            return {"query": self.query}
        source = textwrap.dedent(inspect.getsource(self.function))
        return {
            "source": source[source.index("def ") :],  # without its decorator
            "name": self.function.__name__,
            "arguments": self.arguments,
            "server": server,
        }


_declared = {}  # {fixture: Question}


def client(function, *arguments):
    """Return a fixture: what a function returns on the host, called with the client settings and the arguments.

    host_side/answers.py says how it is called. What it returns comes back through JSON.
    """
    question = Question(function=function, arguments=arguments)

    @pytest.fixture(scope="session")
    def answer(client_answers):
        return value(client_answers[question])

    _declared[answer] = question
    return answer


def superuser(query):
    """Return a fixture: the rows, lists, of a query that the superuser makes over the socket, with no search path."""
    question = Question(query=query)

    @pytest.fixture(scope="session")
    def answer(superuser_answers):
        return value(superuser_answers[question])

    _declared[answer] = question
    return answer


def asked_by(items, servers):
    """Return {question: the container whose client asks it} of some tests; empty for tests of no single server."""
    found = {}
    for item in items:
        own = f"jarvis-{item.path.parent.name}"
        for name in item.fixturenames:
            question = _declared.get(getattr(item.module, name, None))
            if question:
                found[question] = own if own in servers else ""
    return found


def ask(host, servers, sockets, questions):
    """Return {question: answer} of C(questions), which are {question: container}.

    C(servers) and C(sockets) are {container: [variable in the client settings]} of the host.
    """
    if not questions:
        return {}
    asked = [question.for_host(server) for question, server in questions.items()]
    return dict(zip(questions, call_on_host(host, "answers", "answer", servers, sockets, asked), strict=True))


def value(answer):
    """Return the value of an answer. Fails with its error, in the words that a verdict tells."""
    if "unsent" in answer:
        pytest.fail(answer["unsent"], pytrace=False)
    if "value" in answer:
        return answer["value"]
    error = answer["error"].strip()
    print(error)  # all of it, into the report's file
    raise RuntimeError(error.splitlines()[-1])
