"""Secrets are generated once, random, and for root's eyes alone."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def module(load):
    return load("credentials/library/host_secrets")


def test_secret_is_written_for_its_owner_alone_and_read_back(module, tmp_path):
    path = tmp_path / "postgres_password"
    assert module.read_secret(path) is None
    module.write_secret(path, "s3cret")
    assert path.stat().st_mode & 0o777 == 0o400
    assert module.read_secret(path) == "s3cret"
    assert [entry.name for entry in tmp_path.iterdir()] == ["postgres_password"]
