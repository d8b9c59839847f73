"""Questions are answered each by itself: none holds up, changes or ends another, none reaches a stranger."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
SETTINGS = "DATABASE_SOCKET_URL='postgresql://jarvis:a@/jarvis'\n"
SETTINGS += "DATABASE_URL='postgresql://jarvis:a@localhost/jarvis'\nREDIS_URL='redis://jarvis:b@localhost/0'\n"
SOCKETS = {"jarvis-postgres": ["DATABASE_SOCKET_URL"], "jarvis-redis": []}
VARIABLES = {"jarvis-postgres": ["DATABASE_URL"], "jarvis-redis": ["REDIS_URL"]}


@pytest.fixture
def answers(monkeypatch, tmp_path):
    """Return the module as the host has it, whose servers are found in order."""
    for folder in ("roles/preflight/module_utils", "tests/infra/host_side"):
        monkeypatch.syspath_prepend(str(PROJECT / folder))
    for name in ("answers", "observation", "superuser", "preflight_ports"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    module = importlib.import_module("answers")
    (tmp_path / "jarvis.env").write_text(SETTINGS)
    monkeypatch.setattr(sys.modules["observation"], "SETTINGS", str(tmp_path / "jarvis.env"))
    monkeypatch.setattr(module, "doubts", lambda server: [])
    return module


def question(body, server="", arguments=(), parameters="settings"):
    return {
        "source": f"def asked({parameters}):\n    {body}\n",
        "name": "asked",
        "arguments": arguments,
        "server": server,
    }


def test_question_that_never_ends_is_given_up_and_the_next_is_asked(answers, monkeypatch):
    monkeypatch.setattr(answers, "SECONDS", 1)
    asked = [question("import time; time.sleep(600)"), question("return 'asked'")]
    assert answers.answer(VARIABLES, SOCKETS, asked) == [
        {"error": "there was no answer within 1 s"},
        {"value": "asked"},
    ]


@pytest.mark.parametrize("body", ["import os; os._exit(3)", "import os; os.kill(os.getpid(), 9)"])
def test_question_that_ends_its_process_ends_no_other(answers, body):
    ended, other = answers.answer(VARIABLES, SOCKETS, [question(body), question("return 'asked'")])
    assert ended == {"error": "there was no answer within 20 s"}
    assert other == {"value": "asked"}


def test_question_changes_nothing_that_others_see(answers):
    change = question("import json; json.dumps = None; settings.clear(); return 'changed'")
    other = question("return sorted(settings)")
    assert answers.answer(VARIABLES, SOCKETS, [change, other])[1] == {"value": ["DATABASE_URL", "REDIS_URL"]}


def test_error_of_a_question_ends_with_its_last_word(answers):
    (answered,) = answers.answer(VARIABLES, SOCKETS, [question("return 1 / 0")])
    assert answered["error"].strip().splitlines()[-1] == "ZeroDivisionError: division by zero"


def test_question_of_one_server_sees_the_settings_of_that_one_alone(answers):
    asked = question("return [sorted(settings), servers, word]", "jarvis-redis", ["x"], "settings, word, servers")
    assert answers.answer(VARIABLES, SOCKETS, [asked]) == [
        {"value": [["REDIS_URL"], {"jarvis-redis": ["REDIS_URL"]}, "x"]}
    ]


def test_no_question_is_asked_where_somebody_else_may_answer(answers, monkeypatch):
    monkeypatch.setattr(answers, "doubts", lambda server: ["held by nc."] if server == "jarvis-redis" else [])
    asked = [question("return 'asked'", server) for server in ("jarvis-postgres", "jarvis-redis", "")]
    unsent = {"unsent": "No password was sent.\nheld by nc."}
    assert answers.answer(VARIABLES, SOCKETS, asked) == [{"value": "asked"}, unsent, unsent]


def test_question_may_ask_for_the_settings_of_sockets(answers):
    asked = question("return [sorted(settings), sorted(sockets)]", "jarvis-postgres", parameters="settings, sockets")
    assert answers.answer(VARIABLES, SOCKETS, [asked]) == [{"value": [["DATABASE_URL"], ["DATABASE_SOCKET_URL"]]}]
