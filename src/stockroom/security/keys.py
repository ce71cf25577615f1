"""API keys: random, recognisable, and checked for typing errors before any look-up.

A key is ``stk_`` + 40 random characters + 6 characters of checksum, all letters and digits, so
that secret scanners find it by a pattern and can tell a real one from a sample.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass

ALPHABET = string.digits + string.ascii_letters
PREFIX = "stk_"
RANDOM_LENGTH = 40  # 238 bits
CHECK_LENGTH = 6  # 62**6 > 2**32
PATTERN = re.compile(
    rf"{PREFIX}([0-9A-Za-z]{{{RANDOM_LENGTH}}})([0-9A-Za-z]{{{CHECK_LENGTH}}})", re.ASCII
)
HINT_LENGTH = len(PREFIX) + 4


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key at the only moment at which its secret is known."""

    secret: str
    digest: str
    hint: str


def mint() -> NewKey:
    """Make a new key."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    secret = f"{PREFIX}{body}{_check(body)}"
    return NewKey(secret, digest(secret), secret[:HINT_LENGTH])


def digest(secret: str) -> str:
    """What is stored in place of the secret: its SHA-256; no salt, since its entropy is high."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_well_formed(secret: str) -> bool:
    """Whether ``secret`` has the form and the checksum of a key."""
    match = PATTERN.fullmatch(secret)
    return match is not None and _check(match[1]) == match[2]


def _check(body: str) -> str:
    number = zlib.crc32(body.encode())
    characters = []
    for _ in range(CHECK_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[rest])
    return "".join(characters)
