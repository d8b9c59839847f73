"""The engine's answers are read correctly in the forms in which it sends them."""

from __future__ import annotations

from ansible.module_utils import engine_api


def test_log_is_read_out_of_its_frames():
    body = b"\x01\0\0\0\0\0\0\x04one\n" + b"\x02\0\0\0\0\0\0\x04two\n"
    assert engine_api.unframe(body) == b"one\ntwo\n"


def test_engine_that_does_not_answer_knows_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(engine_api, "ENGINE_SOCKET", str(tmp_path / "nowhere"))
    assert engine_api.get("/containers/json") is None
    assert engine_api.log_lines("jarvis-redis", "0") == []
