"""API keys: their form, their checksum, and what is kept of them."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockroom.security import keys

# Minted once: an example must be the same when it is tried again.
MINTED = st.sampled_from([keys.mint() for _ in range(100)])
UNHURRIED = settings(deadline=None)


def test_a_key_has_a_prefix_forty_random_characters_and_six_of_checksum() -> None:
    secret = keys.mint().secret

    assert re.fullmatch(r"stk_[0-9A-Za-z]{46}", secret)


def test_no_two_keys_are_the_same() -> None:
    assert len({keys.mint().secret for _ in range(500)}) == 500


def test_every_character_of_the_alphabet_is_used() -> None:
    seen = set("".join(keys.mint().secret.removeprefix(keys.API_KEY) for _ in range(200)))

    assert seen == set(keys.ALPHABET)


@UNHURRIED
@given(minted=MINTED)
def test_a_minted_key_is_well_formed(minted: keys.NewKey) -> None:
    assert keys.is_well_formed(minted.secret)


@UNHURRIED
@given(minted=MINTED)
def test_what_is_stored_is_the_digest(minted: keys.NewKey) -> None:
    assert minted.digest == hashlib.sha256(minted.secret.encode()).hexdigest()
    assert minted.digest == keys.digest(minted.secret)


@UNHURRIED
@given(minted=MINTED)
def test_the_hint_tells_four_characters(minted: keys.NewKey) -> None:
    assert minted.secret.startswith(minted.hint)
    assert len(minted.hint) == len(keys.API_KEY) + 4


@UNHURRIED
@given(minted=MINTED, data=st.data())
def test_a_mistyped_character_is_noticed(minted: keys.NewKey, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(minted.secret) - 1))
    other = data.draw(st.sampled_from(keys.ALPHABET).filter(lambda char: char != minted.secret[at]))

    mistyped = minted.secret[:at] + other + minted.secret[at + 1 :]

    assert not keys.is_well_formed(mistyped)


@UNHURRIED
@given(minted=MINTED, data=st.data())
def test_two_swapped_characters_are_noticed(minted: keys.NewKey, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(minted.secret) - 2))
    first, second = minted.secret[at], minted.secret[at + 1]

    swapped = minted.secret[:at] + second + first + minted.secret[at + 2 :]

    assert keys.is_well_formed(swapped) == (first == second)


@UNHURRIED
@given(minted=MINTED, extra=st.text(min_size=1, max_size=3))
def test_nothing_may_stand_around_a_key(minted: keys.NewKey, extra: str) -> None:
    assert not keys.is_well_formed(minted.secret + extra)
    assert not keys.is_well_formed(extra + minted.secret)
    assert not keys.is_well_formed(minted.secret[:-1])


@UNHURRIED
@given(text=st.text())
def test_any_other_text_is_no_key(text: str) -> None:
    assert not keys.is_well_formed(text)


@pytest.mark.parametrize("prefix", keys.PREFIXES)
def test_a_secret_is_well_formed_as_what_its_prefix_says_and_as_nothing_else(prefix: str) -> None:
    secret = keys.mint(prefix).secret

    assert [other for other in keys.PREFIXES if keys.is_well_formed(secret, other)] == [prefix]


@pytest.mark.parametrize("prefix", keys.PREFIXES)
def test_another_prefix_before_the_same_characters_is_another_secret(prefix: str) -> None:
    body = "a" * keys.RANDOM_LENGTH

    digests = {keys.from_body(other, body).digest for other in keys.PREFIXES}

    assert len(digests) == len(keys.PREFIXES)
    assert keys.from_body(prefix, body).hint == f"{prefix}aaaa"


@pytest.mark.parametrize("digit", ["\u0661", "\uff11", "\u00b2"])
def test_digits_of_other_scripts_are_none(digit: str) -> None:
    secret = keys.mint().secret

    assert not keys.is_well_formed(f"{secret[:4]}{digit}{secret[5:]}")
