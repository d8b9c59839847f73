"""An untested system, and data of another PostgreSQL than the image's, are refused."""

from __future__ import annotations

import pytest
from ansible.module_utils import preflight_platform as checks

SUPPORTED = {"Debian": ["12", "13"], "Ubuntu": ["22.04", "24.04"]}


@pytest.mark.parametrize(("distribution", "version"), [("Debian", "12"), ("Debian", "12.7"), ("Ubuntu", "24.04")])
def test_supported_system_is_accepted(distribution, version):
    assert list(checks.platform_problems(distribution, version, "x86_64", SUPPORTED, ["x86_64"])) == []


@pytest.mark.parametrize(("distribution", "version"), [("Debian", "11"), ("Debian", "120"), ("Fedora", "42")])
def test_unsupported_system_is_refused_with_what_is_supported(distribution, version):
    assert list(checks.platform_problems(distribution, version, "x86_64", SUPPORTED, ["x86_64"])) == [
        f"The system is {distribution} {version}; supported are Debian 12/13, Ubuntu 22.04/24.04. "
        "Use a host with one of these."
    ]


def test_unsupported_architecture_is_refused():
    assert list(checks.platform_problems("Debian", "12", "riscv64", SUPPORTED, ["x86_64", "aarch64"])) == [
        "The architecture is riscv64; supported are x86_64, aarch64. Use such a host."
    ]


@pytest.mark.parametrize(
    ("image", "major"),
    [
        ("postgres:16-alpine", "16"),
        ("postgres:16.4", "16"),
        ("registry.example:5000/team/postgres:17", "17"),
        ("registry.example:5000/team/postgres", None),
        ("postgres:16@sha256:" + "0" * 64, "16"),
        ("postgres@sha256:" + "1" * 64, None),
        ("postgres:alpine", None),
        ("postgres", None),
    ],
)
def test_major_is_read_from_the_tag(image, major):
    assert checks.image_major(image) == major


def test_what_the_image_says_of_itself_goes_before_its_tag():
    assert checks.image_major("postgres:16", present_major="17", archive_major="15") == "17"
    assert checks.image_major("postgres:16", archive_major="15") == "15"


def test_other_major_than_the_data_is_refused():
    (problem,) = checks.major_problems("postgres:17", "17", "16")
    assert problem.startswith(
        "images_postgres is postgres:17 (PostgreSQL 17), but the data of this host was written by PostgreSQL 16"
    )


@pytest.mark.parametrize(("wanted", "found"), [("16", "16"), (None, "16"), ("16", None), ("16", "")])
def test_same_or_unknown_major_is_no_problem(wanted, found):
    assert list(checks.major_problems("postgres:16", wanted, found)) == []
