"""The forms in which a secret may appear somewhere."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import quote


def forms(secrets):
    """Return the secrets in every form in which they could show: as they are, in an address, in JSON, as a digest."""
    return {
        form
        for secret in secrets
        for form in (
            secret,
            quote(secret, safe=""),
            json.dumps(secret)[1:-1],
            hashlib.sha256(secret.encode()).hexdigest(),
        )
    }
