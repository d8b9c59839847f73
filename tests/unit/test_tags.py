"""There are few tags, all in one place, and a tag that does not exist is recognised."""

from __future__ import annotations

from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
TAGS = {
    "preflight",
    "docker",
    "firewall",
    "images",
    "credentials",
    "tls",
    "data",
    "postgres",
    "schema",
    "redis",
    "client",
    "verify",
}


@pytest.fixture(scope="module")
def lookup(load):
    return load("preflight/lookup_plugins/unknown_tags")


def test_tags_are_the_roles_and_the_proof(lookup):
    assert lookup.known_tags() - {"always"} == TAGS


def test_readme_names_every_tag():
    text = (PROJECT / "README.md").read_text()
    paragraph = text[text.index("To run a part alone") : text.index("## Verify")]
    assert [tag for tag in sorted(TAGS) if tag not in paragraph] == []


def test_roles_have_no_tags_of_their_own():
    # Such a tag would run a part of a role, for instance a container without its settings.
    own = [path for path in PROJECT.glob("roles/*/tasks/*.yml") if "\n  tags:" in path.read_text()]
    assert own == []


def test_tag_that_nothing_has_is_told(lookup):
    asked = [
        "molecule-notest",
        "notest",
        "molecule-idempotence-notest",
        "postgres",
        "all",
        "verify",
        "postgre",
        "never",
        "redis_container",
    ]
    assert lookup.LookupModule().run(asked) == ["postgre", "redis_container"]
