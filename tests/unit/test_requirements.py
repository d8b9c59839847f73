"""What the project downloads is exact: Python by hash, collections by version, images' parts by checksum."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path

import ansible_collections
import yaml

PROJECT = Path(__file__).parents[2]
# Of the two locked versions of `ansible`, the older one is for Python 3.11. Its collections are those of
# requirements.yml.
INSIDE = {
    "12.3.0": {
        "ansible.posix": "2.1.0",
        "community.crypto": "3.0.5",
        "community.docker": "4.8.5",
        "community.postgresql": "4.2.0",
    },
    "14.5.0": {
        "ansible.posix": "2.2.2",
        "community.crypto": "3.5.0",
        "community.docker": "5.4.0",
        "community.postgresql": "4.2.0",
    },
}
LOCKS = [PROJECT / "requirements.txt", PROJECT / "requirements-test.txt"]
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


def requirements(path):
    """Return the entries of a lock file, each with its continued lines."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.MULTILINE)
    return [entry for entry in text.replace("\\\n", " ").splitlines() if entry.strip()]


def test_python_packages_are_exact_and_have_hashes():
    recipe = PROJECT / "roles" / "images" / "files" / "recipe"
    for path in (*LOCKS, recipe / "clients.txt", recipe / "npm.txt"):
        for entry in requirements(path):
            assert re.match(r"[\w.-]+==[\w.]+\s", entry), f"{path.name}: {entry}"
            assert HASH.search(entry), f"{path.name}: {entry}"


def test_what_is_tested_is_what_runs_and_no_linter_runs_on_a_database_host():
    runs, tests = ({entry.split()[0] for entry in requirements(path)} for path in LOCKS)
    assert runs < tests
    assert not [entry for entry in runs if re.match("molecule|ansible-lint|ruff|sqlfluff|psycopg2|requests", entry)]


def test_pip_is_always_told_to_check_the_hashes():
    for name in ("jarvis", "roles/images/files/recipe/make-postgres"):
        commands = re.findall(r"pip install (?:.*\\\n)*.*", (PROJECT / name).read_text())
        assert commands
        for command in commands:
            assert "--require-hashes" in command


def collections():
    """Return the versions that requirements.yml asks for, by collection."""
    wanted = yaml.safe_load((PROJECT / "requirements.yml").read_text())["collections"]
    return {collection["name"]: collection["version"] for collection in wanted}


def test_collections_are_exact_and_those_of_the_locked_ansible():
    folder = Path(next(iter(ansible_collections.__path__)))
    inside = INSIDE[metadata.version("ansible")]
    for name, version in collections().items():
        assert version == INSIDE["12.3.0"][name]
        manifest = json.loads((folder.joinpath(*name.split(".")) / "MANIFEST.json").read_text())
        assert manifest["collection_info"]["version"] == inside[name]


def test_every_collection_that_is_used_is_asked_for():
    tasks = [*PROJECT.glob("playbooks/*.yml"), *PROJECT.glob("roles/*/tasks/*.yml")]
    used = {name for path in tasks for name in re.findall(r"^ +(\w+\.\w+)\.\w+:$", path.read_text(), re.MULTILINE)}
    assert used - {"ansible.builtin"} == set(collections())
