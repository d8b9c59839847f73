"""Something else is wanted if a file of the project, a variable, or a file that a variable names has changed."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def plugin(load):
    return load("look/action_plugins/host_look")


def test_digest_of_a_folder_follows_content_names_and_number_of_its_files(plugin, tmp_path):
    folder = tmp_path / "role"
    (folder / "tasks").mkdir(parents=True)
    (folder / "tasks/main.yml").write_text("- a\n")
    seen = [plugin.digest_of([folder])]
    (folder / "tasks/main.yml").write_text("- b\n")
    seen.append(plugin.digest_of([folder]))
    (folder / "tasks/main.yml").rename(folder / "tasks/other.yml")
    seen.append(plugin.digest_of([folder]))
    (folder / "tasks/empty.yml").touch()
    seen.append(plugin.digest_of([folder]))
    assert len(set(seen)) == 4


def test_what_python_builds_is_no_part_of_it(plugin, tmp_path):
    (tmp_path / "module.py").write_text("pass\n")
    before = plugin.digest_of([tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/module.pyc").touch()
    assert plugin.digest_of([tmp_path]) == before


def test_file_that_a_variable_names_counts_wherever_it_lies(plugin, tmp_path):
    first, second = tmp_path / "a/images.tar", tmp_path / "b/images.tar"
    for path in (first, second):
        path.parent.mkdir()
        path.write_bytes(b"1234")
    os.utime(first, ns=(1, 1))
    os.utime(second, ns=(1, 1))
    assert plugin.outside(str(first)) == plugin.outside(str(second))
    second.write_bytes(b"12345")
    assert plugin.outside(str(first)) != plugin.outside(str(second))


def test_folder_of_sql_files_counts_by_their_content(plugin, tmp_path):
    (tmp_path / "0001_a.sql").write_text("SELECT 1;\n")
    before = plugin.outside(str(tmp_path))
    (tmp_path / "0001_a.sql").write_text("SELECT 2;\n")
    assert plugin.outside(str(tmp_path)) != before


@pytest.mark.parametrize(
    "value", ["plain", 5, None, ["/etc"], "/nowhere/at all", "postgres:16", "a\n/b", "/etc/" + "x" * 300]
)
def test_value_that_names_no_file_here_is_only_a_value(plugin, value):
    assert plugin.outside(value) == ""


def test_variables_of_all_roles_count_and_not_how_to_run(plugin):
    assert {"postgres_port", "redis_settings", "docker_packages", "client_host"} <= set(plugin.options())
    assert "look_full" not in plugin.options()
