"""Secrets that we hand out: random, recognisable, and checked for typing errors before a look-up.

Each is a prefix that says what it is, 40 random characters and 6 characters of checksum, letters
and digits all of them, so that secret scanners find it by a pattern and can tell a real one from a
sample.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field

ALPHABET = string.digits + string.ascii_letters
API_KEY, REFRESH_TOKEN, SESSION, INVITATION = PREFIXES = ("stk_", "str_", "sts_", "sti_")
RANDOM_LENGTH = 40  # 238 bits
CHECK_LENGTH = 6  # 62**6 > 2**32
PATTERN = re.compile(
    rf"(st[krsi]_)([0-9A-Za-z]{{{RANDOM_LENGTH}}})([0-9A-Za-z]{{{CHECK_LENGTH}}})", re.ASCII
)
HINT_LENGTH = len(API_KEY) + 4


@dataclass(frozen=True, slots=True)
class NewKey:
    """A secret at the only moment at which its secret is known."""

    secret: str = field(repr=False)
    digest: str
    hint: str


def mint(prefix: str = API_KEY) -> NewKey:
    """Make a new secret of the kind that ``prefix`` names."""
    return from_body(prefix, "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH)))


def from_body(prefix: str, body: str) -> NewKey:
    """The secret with these 40 characters."""
    secret = f"{prefix}{body}{_check(body)}"
    return NewKey(secret, digest(secret), secret[:HINT_LENGTH])


def derive(prefix: str, seed: bytes) -> NewKey:
    """The secret that ``seed``, of 64 bytes that nobody can guess, stands for."""
    number = int.from_bytes(seed)
    characters = []
    for _ in range(RANDOM_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[rest])
    return from_body(prefix, "".join(characters))


def digest(secret: str) -> str:
    """What is stored in place of the secret: its SHA-256; no salt, since its entropy is high."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_well_formed(secret: str, prefix: str = API_KEY) -> bool:
    """Whether ``secret`` has the form and the checksum of a secret of that kind."""
    match = PATTERN.fullmatch(secret)
    return match is not None and match[1] == prefix and _check(match[2]) == match[3]


def _check(body: str) -> str:
    number = zlib.crc32(body.encode())
    characters = []
    for _ in range(CHECK_LENGTH):
        number, rest = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[rest])
    return "".join(characters)
