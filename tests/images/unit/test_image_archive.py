"""A docker save archive is understood, and one that cannot be loaded is refused with the reason."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest
from image_archive import ArchiveError, familiar, read_archive

LAYER = b"the files of a layer " * 5000


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write(path: Path, parts: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in parts.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def saved(*, blobs: bool = False, environment: tuple[str, ...] = ("PG_MAJOR=16",)) -> dict[str, bytes]:
    """Return the parts of an archive, in the old layout or in the one with blobs."""
    config = {"config": {"Env": list(environment)}, "rootfs": {"diff_ids": [f"sha256:{sha256(LAYER)}"]}}
    text = json.dumps(config).encode()
    # A layer among the blobs may be compressed. Its name is then the checksum of the compressed file.
    layer = gzip.compress(LAYER, mtime=0) if blobs else LAYER
    layer_name = f"blobs/sha256/{sha256(layer)}" if blobs else "0123/layer.tar"
    config_name = f"blobs/sha256/{sha256(text)}" if blobs else f"{sha256(text)}.json"
    entry = {"Config": config_name, "RepoTags": ["postgres:16-alpine"], "Layers": [layer_name]}
    return {layer_name: layer, config_name: text, "manifest.json": json.dumps([entry]).encode()}


@pytest.mark.parametrize("blobs", [False, True], ids=["old layout", "with blobs"])
def test_names_and_the_postgresql_major_are_read(tmp_path: Path, blobs: bool):
    assert read_archive(write(tmp_path / "a.tar", saved(blobs=blobs))) == {
        "postgres:16-alpine": {"postgres_major": "16"}
    }


def test_an_image_of_something_else_has_no_major(tmp_path: Path):
    images = read_archive(write(tmp_path / "a.tar", saved(environment=("REDIS_VERSION=7",))))
    assert images["postgres:16-alpine"] == {"postgres_major": ""}


def test_a_compressed_archive_is_read(tmp_path: Path):
    plain = write(tmp_path / "a.tar", saved())
    packed = tmp_path / "a.tar.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_archive(packed) == read_archive(plain)


@pytest.mark.parametrize("path", ["missing.tar", "."], ids=["missing", "folder"])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, path: str):
    with pytest.raises(ArchiveError, match="no such file"):
        read_archive(tmp_path / path)


@pytest.mark.parametrize("content", [b"", b"not a tar file " * 100], ids=["empty", "text"])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "a.tar"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="no tar file"):
        read_archive(path)


def test_a_tar_file_of_something_else_is_refused(tmp_path: Path):
    with pytest.raises(ArchiveError, match="docker save"):
        read_archive(write(tmp_path / "a.tar", {"README": b"hello"}))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "compressed"])
def test_an_archive_that_is_cut_short_is_refused(tmp_path: Path, share: float, packed: bool):
    path = write(tmp_path / "a.tar", saved())
    content = gzip.compress(path.read_bytes()) if packed else path.read_bytes()[: len(LAYER) + 4096]
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ArchiveError):
        read_archive(path)


@pytest.mark.parametrize("blobs", [False, True], ids=["old layout", "with blobs"])
@pytest.mark.parametrize("part", [0, 1], ids=["layer", "configuration"])
def test_a_damaged_part_is_found(tmp_path: Path, blobs: bool, part: int):
    parts = saved(blobs=blobs)
    name = list(parts)[part]
    parts[name] = parts[name][:50] + b"X" + parts[name][51:]
    with pytest.raises(ArchiveError, match="damaged: .* does not match its checksum"):
        read_archive(write(tmp_path / "a.tar", parts))


@pytest.mark.parametrize("part", [0, 1], ids=["layer", "configuration"])
def test_a_missing_part_is_found(tmp_path: Path, part: int):
    parts = saved()
    del parts[list(parts)[part]]
    with pytest.raises(ArchiveError, match="missing"):
        read_archive(write(tmp_path / "a.tar", parts))


@pytest.mark.parametrize("manifest", [b"{", b"{}", b"[1]", b'[{"Config": "x"}]', b"[null]"])
def test_a_manifest_that_makes_no_sense_is_refused(tmp_path: Path, manifest: bytes):
    with pytest.raises(ArchiveError, match="makes no sense"):
        read_archive(write(tmp_path / "a.tar", {"manifest.json": manifest}))


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ("postgres:16-alpine", "postgres:16-alpine"),
        ("docker.io/library/postgres:16", "postgres:16"),
        ("redis", "redis:latest"),
        ("host:5000/postgres", "host:5000/postgres:latest"),
        ("postgres@sha256:00ff", "postgres@sha256:00ff"),
    ],
)
def test_a_reference_is_spelled_as_an_engine_shows_it(reference: str, shown: str):
    assert familiar(reference) == shown
