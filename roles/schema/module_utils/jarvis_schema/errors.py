"""Error messages for the operator, without passwords."""

import re

QUOTED = r"""'(?:[^']|'')*'?|"[^"]*"?"""
# A password is any word after = or :, but only a quoted one after a space: "the column password does not exist" stays.
PASSWORD = re.compile(rf"""(password['"]?\s*)(?:([=:]\s*)(?:{QUOTED}|[^\s'",;)]+)|\s(?:{QUOTED}))""", re.IGNORECASE)
URL_PASSWORD = re.compile(r"(\w+://[^\s:/@]*:)[^\s@/]+@")


class SchemaError(Exception):
    """A refusal or a failure; the only exception of this package.

    Args:
        message: what happened, where, and what to do about it.

    """

    def __init__(self, message: str) -> None:
        """Keep the message for the result."""
        super().__init__(message)
        self.message = message


def redact(text: str) -> str:
    """Hide what follows the word password, and passwords in URLs."""
    return URL_PASSWORD.sub(r"\1********@", PASSWORD.sub(r"\1\2********", text))
