"""The build uses the host's own mirrors, however apt is configured."""

from __future__ import annotations

from pathlib import Path

import pytest
from apt_sources import Source, lines_for, parse_deb822, parse_one_line, read_sources

MIRROR = "http://mirror.example/debian"


def test_a_one_line_source_is_read_with_its_options():
    assert parse_one_line(f"deb [arch=amd64 signed-by=/k.gpg] {MIRROR} bookworm main contrib # ours\n") == [
        Source(MIRROR, "bookworm", ("main", "contrib"), "/k.gpg")
    ]


def test_comments_source_packages_and_empty_lines_are_no_one_line_sources():
    assert parse_one_line(f"# deb {MIRROR} bookworm main\n\ndeb-src {MIRROR} bookworm main\n") == []


def test_every_uri_and_suite_of_a_deb822_stanza_is_a_source():
    text = "Types: deb deb-src\nURIs: http://a.example http://b.example\nSuites: x x-updates\nComponents: main\n"
    assert [(source.uri, source.suite) for source in parse_deb822(text)] == [
        ("http://a.example", "x"),
        ("http://a.example", "x-updates"),
        ("http://b.example", "x"),
        ("http://b.example", "x-updates"),
    ]


@pytest.mark.parametrize("field", ["Enabled: no", "Types: deb-src"])
def test_a_stanza_that_gives_no_packages_is_no_source(field):
    assert parse_deb822(f"Types: deb\nURIs: {MIRROR}\nSuites: x\nComponents: main\n{field}\n") == []


def test_stanzas_are_told_apart_with_comments_and_folded_fields_in_them():
    text = (
        "# first\nTypes: deb\n# inside\nURIs:\n http://a.example\n http://b.example\nSuites: x\nComponents: main\n"
        "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n\n\n"
        "types: deb\nuris: http://c.example\nsuites: y\ncomponents: main\nsigned-by: /k.pgp\n"
    )
    assert parse_deb822(text) == [
        Source("http://a.example", "x", ("main",), ""),
        Source("http://b.example", "x", ("main",), ""),
        Source("http://c.example", "y", ("main",), "/k.pgp"),
    ]


def test_all_of_apts_files_are_read_and_no_others(tmp_path: Path):
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (tmp_path / "sources.list").write_text(f"deb {MIRROR} one main\n")
    (folder / "a.list").write_text(f"deb {MIRROR} two main\n")
    (folder / "b.sources").write_text(f"Types: deb\nURIs: {MIRROR}\nSuites: three\nComponents: main\n")
    (folder / "c.list.save").write_text(f"deb {MIRROR} four main\n")
    assert [source.suite for source in read_sources(tmp_path)] == ["one", "two", "three"]


def test_a_host_without_any_source_file_has_no_sources(tmp_path: Path):
    assert read_sources(tmp_path) == []


def test_another_release_comes_from_the_same_mirrors_with_its_updates_and_fixes():
    sources = parse_one_line(
        f"deb {MIRROR} trixie main\ndeb {MIRROR} trixie-updates main\n"
        "deb [signed-by=/k.gpg] http://fixes.example trixie-security main\ndeb http://other.example stable-tool main\n"
    )
    assert lines_for("bookworm", sources, "trixie", "debian") == [
        f"deb {MIRROR} bookworm main",
        f"deb {MIRROR} bookworm-updates main",
        "deb [signed-by=/k.gpg] http://fixes.example bookworm-security main",
    ]


def test_a_mirror_list_and_the_name_stable_are_understood():
    sources = parse_one_line("deb mirror+file:/etc/apt/mirrors/debian.list stable main\n")
    assert lines_for("bookworm", sources, "trixie", "debian") == [
        "deb mirror+file:/etc/apt/mirrors/debian.list bookworm main"
    ]


def test_ubuntu_adds_universe_where_redis_is():
    sources = parse_one_line("deb http://u.example jammy main restricted\n")
    assert lines_for("noble", sources, "jammy", "ubuntu") == ["deb http://u.example noble main universe"]


@pytest.mark.parametrize("line", ["deb cdrom:[disc]/ bookworm main", "deb http://t.example bookworm contrib", ""])
def test_a_host_without_a_mirror_is_told_what_to_do(line):
    with pytest.raises(ValueError, match="has no source of bookworm .* /etc/apt/sources.list"):
        lines_for("bookworm", parse_one_line(line), "bookworm", "debian")
