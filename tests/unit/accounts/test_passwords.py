"""Which passwords are taken, and how they are kept (RFC 9106, NIST SP 800-63B)."""

from __future__ import annotations

import pytest

from stockroom.accounts.passwords import COMMON, NOBODYS, Passwords, check_password
from stockroom.accounts.problems import PasswordRefused


def test_hash_is_argon2id_with_the_parameters_of_rfc_9106() -> None:
    hashed = Passwords().hash("seven green umbrellas")

    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_nobodys_hash_costs_what_every_other_costs() -> None:
    assert not Passwords().needs_rehash(NOBODYS)
    assert not Passwords().verify(None, "seven green umbrellas")


def test_password_is_the_same_in_every_way_to_write_it() -> None:
    passwords = Passwords()

    hashed = passwords.hash("caf\u00e9 au lait, deux")

    assert passwords.verify(hashed, "cafe\u0301 au lait, deux")
    assert not passwords.verify(hashed, "cafe au lait, deux")


@pytest.mark.parametrize("password", ["seven green umbrellas", "x1" * 512, "пароль из слов"])
def test_password_is_taken(password: str) -> None:
    check_password(password, "ann")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "too short"),
        ("eleven char", "too short"),
        ("y1" * 513, "too long"),
        ("é" * 600, "too long"),
        ("a" * 20, "most common"),
        ("Passwordpassword", "most common"),
        ("ann-the-first1", "user's name"),
    ],
)
def test_password_is_refused(password: str, reason: str) -> None:
    with pytest.raises(PasswordRefused, match=reason):
        check_password(password, "ann-the-first")


def test_common_ones_are_long_enough_to_be_asked_for() -> None:
    assert [password for password in COMMON if len(password) < 12] == []
