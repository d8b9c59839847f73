"""SCRAM-SHA-256 verifiers in PostgreSQL's own form. The server is sent these, and never a password.

A verifier is C(SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>):
https://www.postgresql.org/docs/16/catalog-pg-authid.html, https://www.rfc-editor.org/rfc/rfc5802#section-3
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import stringprep
import unicodedata

SALT_BYTES = 16
VERIFIER = re.compile(r"SCRAM-SHA-256\$(?P<iterations>\d+):(?P<salt>[A-Za-z0-9+/=]+)\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+")
# Characters that SASLprep does not know, or forbids in its result: https://www.rfc-editor.org/rfc/rfc4013#section-2.3
REFUSED = (
    stringprep.in_table_a1,
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def normal_form(password):
    """Return the password as PostgreSQL and libpq use it: prepared by SASLprep, or unchanged if SASLprep refuses it."""
    if password.isascii():
        return password
    mapped = "".join(
        " " if stringprep.in_table_c12(character) else character
        for character in password
        if stringprep.in_table_c12(character) or not stringprep.in_table_b1(character)
    )
    normal = unicodedata.normalize("NFKC", mapped)
    refused = not normal or any(table(character) for character in normal for table in REFUSED)
    return password if refused or mixes_directions(normal) else normal


def mixes_directions(text):
    """Return whether a text mixes writing directions as https://www.rfc-editor.org/rfc/rfc3454#section-6 forbids."""
    to_the_left = [stringprep.in_table_d1(character) for character in text]
    if not any(to_the_left):
        return False
    return any(map(stringprep.in_table_d2, text)) or not (to_the_left[0] and to_the_left[-1])


def verifier(password, iterations, salt=None):
    """Return a verifier of a password, with the given salt or else a new one."""
    salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", normal_form(password).encode(), salt, iterations)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    salt, stored_key, server_key = (base64.b64encode(part).decode() for part in (salt, stored_key, server_key))
    return f"SCRAM-SHA-256${iterations}:{salt}${stored_key}:{server_key}"


def fits(password, iterations, kept):
    """Return whether the server's verifier is one of this password with the wanted number of iterations."""
    match = VERIFIER.fullmatch(kept or "")
    # Somebody who may set a role's password can also choose so many iterations that a comparison would take hours.
    if not match or int(match["iterations"]) != iterations:
        return False
    return hmac.compare_digest(verifier(password, iterations, base64.b64decode(match["salt"])), kept)
