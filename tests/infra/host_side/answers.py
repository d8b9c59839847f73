"""Answer the questions of tests: as clients of the servers, and as the superuser. Runs on the host."""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import json
import os
import signal
import traceback

from observation import client_settings
from preflight_ports import doubts
from superuser import rows

UNSENT = "No password was sent."
SECONDS = 20  # for one question
LIBRARIES = ("psycopg2.pool", "redis")  # of clients; a host without one of the servers may lack its library


def answer(servers, sockets, questions):
    """Return the answer to each question, in their order: {"value": any}, {"error": text} or {"unsent": text}.

    The last is of a question that was not asked.

    C(servers) is {container: [variable of its in the client settings]}, C(sockets) the same for the servers' sockets.
    A question is {"query": SQL} of the superuser, whose value are the rows, or {"source": Python, "name": of its
    function, "arguments": [any], "server": container}. The function is called with the settings of that server's
    clients, of all if it is empty, and the arguments. If it has a parameter C(servers), this is what is asked for;
    C(sockets) are the settings of clients of the sockets. It has to import what it uses, and is not called while
    anybody but the servers may answer it.
    """
    # Here, so that the process of each question has them.
    for library in LIBRARIES:
        with contextlib.suppress(ImportError):
            importlib.import_module(library)
    settings = client_settings()
    doubts_of = functools.cache(lambda server: list(doubts(server)))
    found = []
    for question in questions:
        if "query" in question:
            found.append(rows(settings, question["query"]))
            continue
        asked = {name: servers[name] for name in servers if question["server"] in ("", name)}
        doubtful = [doubt for server in asked for doubt in doubts_of(server)]
        if doubtful:
            found.append({"unsent": "\n".join([UNSENT, *doubtful])})
            continue
        own = settings_of(asked, settings)
        known = {"servers": asked, "sockets": settings_of({name: sockets[name] for name in asked}, settings)}
        found.append(in_a_process(lambda question=question, own=own, known=known: call(question, own, known)))
    return found


def settings_of(variables, settings):
    """Return those of the client settings that C(variables), {container: [variable]}, name."""
    return {name: settings[name] for of_server in variables.values() for name in of_server if name in settings}


def call(question, settings, known):
    """Return what the function of a question returns; of C(known) it gets those that it has parameters for."""
    namespace = {}
    exec(compile(question["source"], question["name"], "exec"), namespace)  # noqa: S102, it is ours
    function = namespace[question["name"]]
    further = {name: value for name, value in known.items() if name in inspect.signature(function).parameters}
    return function(settings, *question["arguments"], **further)


def in_a_process(function):
    """Return {"value": what a function returns} or {"error": why it did not}, run where it can disturb no other."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(SECONDS)  # ends the process, whatever it waits for
        try:
            result = {"value": function()}
        except BaseException:
            result = {"error": traceback.format_exc()}
        with open(writing, "w", encoding="utf-8") as stream:
            json.dump(result, stream)
        os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as stream:
        text = stream.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else {"error": f"there was no answer within {SECONDS} s"}
