"""Passwords: which ones are taken, and how they are kept (RFC 9106, Argon2id)."""

from __future__ import annotations

import unicodedata
from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from stockroom.accounts.problems import PasswordRefused

MIN_LENGTH = 12
"""Characters."""
MAX_BYTES = 1024
MIN_BESIDE_NAME = 8
"""Characters that have to remain of a password without the user's name in it."""
AT_ONCE = 4
"""Passwords that are worked on at a time: each takes 64 MiB of memory meanwhile."""

# The second recommended option of RFC 9106, section 4.
TIME_COST, MEMORY_COST, PARALLELISM = 3, 65536, 4
NOBODYS = (
    "$argon2id$v=19$m=65536,t=3,p=4$c3RvY2tyb29tLW5vYm9keQ"
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""A hash of no password, with which those of unknown users are compared: that takes as long."""

COMMON = frozenset(
    [
        "000000000000",
        "0123456789ab",
        "012345678910",
        "111111111111",
        "123123123123",
        "1234567890123",
        "123456789012",
        "123456789123",
        "1234567890ab",
        "123456789abc",
        "1q2w3e4r5t6y",
        "1q2w3e4r5t6y7u",
        "1qaz2wsx3edc",
        "1qaz2wsx3edc4rfv",
        "abc123abc123",
        "abcd12345678",
        "abcdefghijkl",
        "abcdefghijklm",
        "administrator",
        "adminadminadmin",
        "asdfghjkl123",
        "asdfghjklqwerty",
        "changemechangeme",
        "correcthorsebatterystaple",
        "iloveyou1234",
        "letmeinletmein",
        "liverpool123",
        "manchester123",
        "password1234",
        "password12345",
        "password123456",
        "passwordpassword",
        "qwerty123456",
        "qwertyqwerty",
        "qwertyuiop12",
        "qwertyuiop123",
        "qwertyuiop1234",
        "qwertyuiopasdf",
        "qwertyuiop[]",
        "superman1234",
        "testtesttest",
        "unknownunknown",
        "welcome12345",
        "welcomewelcome",
        "zaq12wsxcde3",
        "zxcvbnm12345",
    ]
)
"""The most common ones that are long enough, in lower case."""


class Passwords:
    """Hashes and verifies passwords; both take some 50 ms and 64 MiB."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(TIME_COST, MEMORY_COST, PARALLELISM, type=Type.ID)
        self._turn = BoundedSemaphore(AT_ONCE)

    def hash(self, password: str) -> str:
        """What is stored in place of a password."""
        with self._turn:
            return self._hasher.hash(_normal(password))

    def verify(self, hashed: str | None, password: str) -> bool:
        """Whether this is the password; takes the same time where there is none."""
        with self._turn:
            try:
                self._hasher.verify(hashed or NOBODYS, _normal(password))
            except (VerificationError, InvalidHashError):
                return False
        return hashed is not None

    def needs_rehash(self, hashed: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(hashed)


def check_password(password: str, name: str) -> None:
    """Make sure that the user ``name`` may have this password; there are no rules of composition.

    :raises PasswordRefused: it is too short or too long, one of the most common, or their name.
    """
    if len(password) < MIN_LENGTH:
        raise PasswordRefused(f"the password is too short: use {MIN_LENGTH} characters or more")
    if len(password.encode("utf-8", "replace")) > MAX_BYTES:
        raise PasswordRefused(f"the password is too long: at most {MAX_BYTES} bytes are taken")
    plain = _normal(password).casefold()
    if plain in COMMON or len(set(plain)) == 1:
        raise PasswordRefused("that password is one of the most common ones: choose another")
    if name and len(plain.replace(name.casefold(), "")) < MIN_BESIDE_NAME:
        raise PasswordRefused("the password is little more than the user's name: choose another")


def _normal(password: str) -> str:
    """One form for what keyboards write in several (NIST SP 800-63B section 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password[: MAX_BYTES + 1])
