"""Verifiers are those of the standards; tests/database_roles compares them with the server's own."""

from __future__ import annotations

import base64

import pytest
from ansible.module_utils.postgres_scram import fits, normal_form, verifier

# https://www.rfc-editor.org/rfc/rfc7677#section-3
SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
PENCIL = (
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
    ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)


def test_verifier_is_that_of_the_standards_example():
    assert verifier("pencil", 4096, SALT) == PENCIL


@pytest.mark.parametrize(
    ("password", "iterations", "kept", "answer"),
    [
        ("pencil", 4096, PENCIL, True),
        ("pencil2", 4096, PENCIL, False),
        ("pencil", 5000, PENCIL, False),
        ("pencil", 4096, None, False),
        ("pencil", 4096, "md5c7b6ab5a8d1f8e4f8a1c6a1a5b0c5a3e", False),
        ("pencil", 4096, "pencil", False),
    ],
)
def test_password_fits_its_verifier_alone(password, iterations, kept, answer):
    assert fits(password, iterations, kept) is answer


# https://www.rfc-editor.org/rfc/rfc4013#section-3, and what PostgreSQL does where that refuses
@pytest.mark.parametrize(
    ("password", "normal"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("\u0007", "\u0007"),
        ("\u06271", "\u06271"),
        ("\u06271\u0627", "\u06271\u0627"),
        ("a\u3000b", "a b"),
        ("\u00ad", "\u00ad"),
        ("\u00aa \U0001f916", "\u00aa \U0001f916"),
    ],
)
def test_password_is_compared_in_its_normal_form_and_as_it_is_where_it_has_none(password, normal):
    assert normal_form(password) == normal
