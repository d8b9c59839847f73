"""What was observed of a host, what was recorded of it, and what differs."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import tempfile

PATH = "/etc/jarvis/state/look.json"
FORMAT = 1  # of the record; a record of another version does not count
SHOWN_CHARACTERS = 80  # length of a value; a longer one is recorded as a digest
DIGEST = "digest "  # begins the recorded value of a secret or of a long text
KEY_BYTES = 32


class Facts:
    """The facts of one part, as {subject: {aspect: value}}, each a text; and doubts, which no record can settle."""

    def __init__(self, key):
        """Take the host's key, as hexadecimal text."""
        self._key = bytes.fromhex(key)
        self.of = {}
        self.doubts = []
        self.complete = True

    def digest(self, text):
        """Return a digest of a text or of bytes. Nobody can compute it without the key."""
        content = text if isinstance(text, bytes) else str(text).encode()
        return DIGEST + hmac.new(self._key, content, hashlib.sha256).hexdigest()[:32]

    def note(self, subject, **aspects):
        """Keep facts about a subject, such as C("file /etc/jarvis", mode="0750")."""
        self.of.setdefault(subject, {}).update({name: self._short(value) for name, value in aspects.items()})

    def note_all(self, subject, aspects):
        """Keep facts from a dictionary, for aspects that are no valid names in Python."""
        self.note(subject, **{str(name): value for name, value in aspects.items()})

    def note_secret(self, subject, **aspects):
        """Keep a digest alone."""
        self.of.setdefault(subject, {}).update({name: self.digest(value) for name, value in aspects.items()})

    def doubt(self, sentence):
        """Keep what is wrong whatever the record says."""
        self.doubts.append(sentence)

    def _short(self, value):
        if value is None or value in ([], {}):
            return ""  # the engine expresses "nothing" in several ways
        text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
        return text if len(text) <= SHOWN_CHARACTERS else self.digest(text)

    @property
    def count(self):
        """How many facts there are."""
        return sum(map(len, self.of.values()))


def new_key():
    """Return a key for a host that has no record."""
    return secrets.token_hex(KEY_BYTES)


def read():
    """Return the record, None if there is no record that can be read."""
    try:
        with open(PATH, encoding="utf-8") as stream:
            record = json.load(stream)
        bytes.fromhex(record["key"])
        if record["format"] == FORMAT and record["facts"]["the host"]["host"] and record.keys() >= {"wanted", "proven"}:
            return record
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def forget():
    """Remove the record."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(PATH)


def write(record):
    """Put the record in its place, in one step, for root alone."""
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(PATH))
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump({"format": FORMAT, **record}, stream)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, PATH)


def differences(recorded, found):
    """Return what differs between two {subject: {aspect: value}}, a sentence each."""
    sentences = []
    for subject in sorted(recorded.keys() | found.keys()):
        if subject not in found:
            sentences.append(f"{subject} is gone")
        elif subject not in recorded:
            sentences.append(f"{subject} is new")
        else:
            then, now = recorded[subject], found[subject]
            sentences += [
                sentence_of(f"{subject}: {aspect}", then.get(aspect), now.get(aspect))
                for aspect in sorted(then.keys() | now.keys())
                if then.get(aspect) != now.get(aspect)
            ]
    return sentences


def differences_by_part(recorded, parts):
    """Return the doubts, then what differs between a record {part: {subject: {aspect: value}}} and C(Facts) by part.

    A part that could not be observed completely is not compared.
    """
    sentences = [doubt for facts in parts.values() for doubt in facts.doubts]
    for part in sorted(recorded.keys() | parts.keys()):
        if part not in parts or parts[part].complete:
            sentences += differences(recorded.get(part, {}), parts[part].of if part in parts else {})
    return sentences


def sentence_of(what, then, now):
    """Return a sentence about a difference, with both values if they can be shown."""
    if then is None:
        return f"{what} is new"
    if now is None:
        return f"{what} is gone"
    if then.startswith(DIGEST) or now.startswith(DIGEST):
        return f"{what} is another one"
    return f"{what} is {now or 'empty'}, was {then or 'empty'}"
