"""Read what C(docker save) wrote, without an engine: names, PostgreSQL's major version, and whether it is whole."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import zlib

BLOBS = "blobs/sha256/"
CHUNK = 2**20


class ArchiveError(Exception):
    """The file is no usable image archive; the text says why and what to do."""


def familiar(reference):
    """Return C(reference) the way an engine shows it: without the default registry, with a tag."""
    for prefix in ("docker.io/", "index.docker.io/", "library/"):
        reference = reference.removeprefix(prefix)
    if "@" not in reference and ":" not in reference.rpartition("/")[2]:
        reference += ":latest"
    return reference


def read_archive(path):
    """Return {tag: {"postgres_major": "16" or ""}} for the archive at C(path).

    Every part of every image is compared with its checksum, so that a truncated or damaged copy
    is found before anything is loaded. Raises ArchiveError.
    """
    if not os.path.isfile(path):
        raise ArchiveError("there is no such file")
    try:
        with tarfile.open(path, "r:*") as archive:
            members = {os.path.normpath(member.name): member for member in archive}
            if "manifest.json" not in members:
                raise ArchiveError("it is a tar file, but not one that `docker save` wrote (no manifest.json inside)")
            manifest = json.load(archive.extractfile(members["manifest.json"]))
            if not isinstance(manifest, list):
                raise TypeError("manifest.json is no list")
            images = {}
            for entry in manifest:
                environment = _check_image(archive, members, entry)
                for tag in entry.get("RepoTags") or []:
                    images[tag] = {"postgres_major": environment.get("PG_MAJOR", "")}
    except tarfile.ReadError as error:
        raise ArchiveError("it is no tar file, or is cut short") from error
    except (EOFError, OSError, zlib.error) as error:
        raise ArchiveError(f"it cannot be read to its end ({error})") from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ArchiveError(f"a part that its manifest names is missing or makes no sense ({error!r})") from error
    return images


def _check_image(archive, members, entry):
    """Compare one image's parts with their checksums; return its environment variables.

    Raises KeyError if a part is missing, ArchiveError if one differs.
    """
    name = entry["Config"]
    config = archive.extractfile(members[name]).read()
    expected = os.path.basename(name).removesuffix(".json")
    if hashlib.sha256(config).hexdigest() != expected:
        raise ArchiveError(f"it is damaged: {name} does not match its checksum")
    config = json.loads(config)
    for layer, uncompressed in zip(entry["Layers"], config["rootfs"]["diff_ids"], strict=True):
        # Newer engines name each part by its own checksum, whether it is compressed or not.
        expected = os.path.basename(layer) if layer.startswith(BLOBS) else uncompressed.partition(":")[2]
        digest = hashlib.sha256()
        with archive.extractfile(members[layer]) as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
        if digest.hexdigest() != expected:
            raise ArchiveError(f"it is damaged: {layer} does not match its checksum")
    return dict(variable.partition("=")[::2] for variable in config.get("config", {}).get("Env") or [])
