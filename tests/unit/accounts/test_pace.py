"""How often an address may come."""

from __future__ import annotations

import pytest

from stockroom.accounts import pace
from stockroom.accounts.pace import Pace, TooManyRequests


def refused(counting: Pace, *addresses: str) -> list[bool]:
    found = []
    for address in addresses:
        try:
            counting.count(address)
        except TooManyRequests:
            found.append(True)
        else:
            found.append(False)
    return found


def test_each_address_has_its_own_quota() -> None:
    one, other = "192.0.2.1", "192.0.2.2"

    found = refused(Pace(2), one, one, one, other, one)

    assert found == [False, False, True, False, True]


def test_a_minute_later_it_may_come_again() -> None:
    clock = [1000.0]
    counting = Pace(1, lambda: clock[0])
    counting.count("192.0.2.1")
    clock[0] += 45

    with pytest.raises(TooManyRequests) as refusal:
        counting.count("192.0.2.1")

    assert refusal.value.headers == [("Retry-After", "15")]
    clock[0] += 15
    assert refused(counting, "192.0.2.1") == [False]


def test_the_addresses_of_one_customer_are_one() -> None:
    found = refused(Pace(1), "2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1", "not:one", "")

    assert found == [False, True, False, False, False]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MOST_ADDRESSES", 10)
    counting = Pace(1)

    for number in range(100):
        counting.count(f"192.0.2.{number}")

    assert len(counting._counts) <= 10
