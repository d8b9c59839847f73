"""Variables with unusable values are named with the remedy."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def inspection(load):
    return load("tls/library/tls_inspection")


def test_plain_variables_are_accepted(inspection):
    assert list(inspection.variable_problems(["db1.example.net", "10.0.0.5"], 30, 825)) == []


@pytest.mark.parametrize("name", ["", "two names", "0.0.0.0", "fd00::1", "db1.example.net:5432"])
def test_what_is_no_name_of_a_host_is_refused(inspection, name):
    assert list(inspection.variable_problems([name], 30, 825)) == [
        f"tls_names holds {name!r}, which is neither the name of a host nor an IPv4 address. Correct it."
    ]


def test_renewal_by_every_deployment_is_refused(inspection):
    (problem,) = inspection.variable_problems([], 825, 825)
    assert problem.startswith("tls_renew_days is 825, but certificates are issued for 825 days")


@pytest.mark.parametrize("given", ["ca", "certificate", "key"])
def test_one_path_of_three_is_refused(inspection, given):
    paths = {"ca": "", "certificate": "", "key": "", given: "/root/tls"}
    problems = list(inspection.supplied_problems(paths, []))
    assert [problem.split(" ", 1)[0] for problem in problems] == [
        f"tls_{kind}_path" for kind in ("ca", "certificate", "key") if kind != given
    ]
    assert all("another of the three paths is. Set all of them" in problem for problem in problems)
