"""Check whether the host's system is supported, and whether the image can read its data. Pure functions."""

from __future__ import annotations

import re


def platform_problems(distribution, version, architecture, supported, architectures):
    """Yield a problem if this project does not support the host's system.

    C(supported) is {distribution: [version, ...]}; version 12 also stands for 12.7.
    """
    versions = supported.get(distribution, [])
    if not any(version == known or version.startswith(known + ".") for known in versions):
        listed = ", ".join(f"{name} {'/'.join(known)}" for name, known in supported.items())
        yield f"The system is {distribution} {version}; supported are {listed}. Use a host with one of these."
    if architecture not in architectures:
        yield f"The architecture is {architecture}; supported are {', '.join(architectures)}. Use such a host."


def image_major(image, present_major=None, archive_major=None):
    """Return the PostgreSQL major version of an image as a string, None if it is not known.

    The image itself is asked first (on the host, in the archive), then its tag is read.
    """
    tag = re.search(r":(\d+)(?![^@]*/)", image.split("@")[0])
    return present_major or archive_major or (tag.group(1) if tag else None)


def major_problems(image, wanted, found):
    """Yield a problem if another major version of PostgreSQL than the image's has written the data of the host."""
    if wanted and found and wanted != found:
        yield (
            f"images_postgres is {image} (PostgreSQL {wanted}), but the data of this host was written by PostgreSQL "
            f"{found}, and it cannot read that. Use an image of PostgreSQL {found}, or move the data by dump and "
            "restore."
        )
