"""Attempts are counted for all nodes, and however many are made at once (O-23, O-25)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from stockroom.accounts.problems import TooManyAttempts
from stockroom.accounts.throttle import Throttle
from stockroom.db import Database
from stockroom.models import Attempts
from stockroom.settings import read_settings
from tests.conftest import ON_SQLITE

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
ANN = {"account": "ann", "address": "192.0.2.7"}


class Watch:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@contextmanager
def node(url: str) -> Iterator[Database]:
    """A node, or what there is to it for a throttle: a connection to the database."""
    values = {"sqlalchemy.url": url, "stockroom.storage": "file:///unused"}
    opened = Database(read_settings(values).settings)
    yield opened
    opened.dispose()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with node(database_url) as opened:
        yield opened


@pytest.fixture
def throttle(database: Database, watch: Watch) -> Throttle:
    return Throttle(database, watch)


def use_up(throttle: Throttle, times: int = 10, **of: str) -> None:
    for _ in range(times):
        throttle.count("sign-in", **(of or ANN))


def kept(database: Database) -> dict[str, int]:
    with database.read() as connection:
        rows: Any = connection.execute(select(Attempts.key, Attempts.count))
        return dict(rows.all())


def test_the_eleventh_attempt_in_five_minutes_is_refused(throttle: Throttle, watch: Watch) -> None:
    use_up(throttle)
    watch.wait(minutes=4)

    with pytest.raises(TooManyAttempts) as refused:
        throttle.count("sign-in", **ANN)

    assert dict(refused.value.headers) == {
        "Retry-After": "60",
        "RateLimit-Policy": (
            '"sign-in-account-300";q=10;w=300, "sign-in-address-300";q=10;w=300, '
            '"sign-in-all-300";q=1000;w=300'
        ),
        "RateLimit": '"sign-in-account-300";r=0;t=60',
    }
    assert refused.value.detail == "there were too many attempts; try again in 1 minute"


def test_the_next_window_begins_anew(throttle: Throttle, watch: Watch) -> None:
    use_up(throttle)
    watch.wait(minutes=5)

    standing = throttle.count("sign-in", **ANN)

    assert standing.seconds == 0
    assert dict(standing.headers())["RateLimit"] == '"sign-in-account-300";r=9;t=300'


def test_o23_accounts_and_addresses_are_counted_apart(throttle: Throttle) -> None:
    use_up(throttle)

    throttle.count("sign-in", account="bob", address="192.0.2.8")
    for of in ({**ANN, "address": "192.0.2.9"}, {**ANN, "account": "eve"}):
        with pytest.raises(TooManyAttempts):
            throttle.count("sign-in", **of)


def test_o23_an_ipv6_customer_is_one_address(throttle: Throttle) -> None:
    for number in range(10):
        throttle.count("sign-in", account=f"user-{number}", address=f"2001:db8::{number}")

    with pytest.raises(TooManyAttempts):
        throttle.count("sign-in", account="another", address="2001:db8::ffff:1")
    throttle.count("sign-in", account="another", address="2001:db8:0:1::1")


@ON_SQLITE
@pytest.mark.parametrize(("quota", "pause"), [(5, 300), (20, 3600)])
def test_o23_second_factors_have_three_limits(
    throttle: Throttle, watch: Watch, quota: int, pause: int
) -> None:
    for number in range(quota):
        if quota > 5 and number % 5 == 0:
            watch.wait(seconds=300)
        throttle.count("second-factor", account="7")

    with pytest.raises(TooManyAttempts) as refused:
        throttle.count("second-factor", account="7")

    assert refused.value.seconds <= pause
    assert refused.value.seconds > pause - 1200


def test_what_is_refused_is_not_counted(database: Database, throttle: Throttle) -> None:
    use_up(throttle)

    with pytest.raises(TooManyAttempts):
        throttle.count("sign-in", **ANN)

    assert set(kept(database).values()) == {10}


def test_what_succeeds_is_taken_off(database: Database, throttle: Throttle) -> None:
    use_up(throttle, 9)
    throttle.count("sign-in", **ANN)

    with database.transaction() as session:
        throttle.forgive(session, "sign-in", **ANN)

    throttle.count("sign-in", **ANN)
    assert set(kept(database).values()) == {10}


def test_many_at_once_on_two_nodes_do_not_get_past_it(
    database_url: str, database: Database, watch: Watch
) -> None:
    throttles = [Throttle(database, watch)]

    def attempt(number: int) -> bool:
        try:
            throttles[number % 2].count("sign-in", **ANN)
        except TooManyAttempts:
            return False
        return True

    with node(database_url) as other, ThreadPoolExecutor(8) as pool:
        throttles.append(Throttle(other, watch))
        allowed = sum(pool.map(attempt, range(24)))

    assert allowed == 10


def test_what_is_over_is_deleted(database: Database, throttle: Throttle, watch: Watch) -> None:
    use_up(throttle, 1)
    watch.wait(minutes=6)

    throttle.count("sign-in", account="bob", address="192.0.2.8")

    assert sorted(kept(database)) == [
        "sign-in:account:bob:300",
        "sign-in:address:192.0.2.8:300",
        "sign-in:all:300",
    ]


@pytest.mark.parametrize("account", ["hunter2 is my password", "x" * 5000, "\ud800", ""])
def test_what_people_type_is_not_kept(database: Database, throttle: Throttle, account: str) -> None:
    throttle.count("sign-in", account=account, address="192.0.2.7")

    assert all(len(key) < 120 for key in kept(database))
    assert not any("hunter2" in key for key in kept(database))
