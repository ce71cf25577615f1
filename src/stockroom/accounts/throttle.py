"""Counting attempts in fixed windows that all nodes share (O-23, O-25)."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from stockroom.accounts import queries
from stockroom.accounts.problems import TooManyAttempts
from stockroom.db import Database

MINUTE, HOUR, DAY = 60, 3600, 86400
PLAIN = re.compile(r"[A-Za-z0-9.:/_-]{1,100}", re.ASCII)
IPV6_PREFIX = 64
"""Bits of an IPv6 address that tell one customer from another; the rest is theirs to choose."""


class Limit(NamedTuple):
    """At most ``quota`` attempts in a window of ``seconds`` of each one that ``by`` tells apart."""

    by: str
    quota: int
    seconds: int


LIMITS: Mapping[str, tuple[Limit, ...]] = {
    "sign-in": (
        Limit("account", 10, 5 * MINUTE),
        Limit("address", 10, 5 * MINUTE),
        Limit("all", 1000, 5 * MINUTE),
    ),
    "second-factor": (
        Limit("account", 5, 5 * MINUTE),
        Limit("account", 20, HOUR),
        Limit("account", 50, DAY),
    ),
    "link": (Limit("address", 30, 5 * MINUTE),),
    "login-method": (Limit("address", 30, 5 * MINUTE),),
}
"""What is counted, and how often it may be."""


class Counted(NamedTuple):
    """Where a limit stands."""

    limit: Limit
    attempts: int
    ends_at: datetime


class Standing(NamedTuple):
    """Where somebody stands after an attempt."""

    name: str
    counted: tuple[Counted, ...]
    now: datetime

    @property
    def seconds(self) -> int:
        """How long to wait until every limit that was exceeded has ended; 0 if none was."""
        ends = (entry.ends_at for entry in self.counted if entry.attempts > entry.limit.quota)
        return max((self._until(end) for end in ends), default=0)

    def headers(self) -> list[tuple[str, str]]:
        """``RateLimit-Policy`` and ``RateLimit``, of the limit with the least left (O-25)."""
        policies = ", ".join(
            f'"{self.name}-{limit.by}-{limit.seconds}";q={limit.quota};w={limit.seconds}'
            for limit, _, _ in self.counted
        )
        limit, attempts, ends_at = min(
            self.counted, key=lambda entry: entry.limit.quota - entry.attempts
        )
        left = max(0, limit.quota - attempts)
        name = f"{self.name}-{limit.by}-{limit.seconds}"
        return [
            ("RateLimit-Policy", policies),
            ("RateLimit", f'"{name}";r={left};t={self._until(ends_at)}'),
        ]

    def _until(self, end: datetime) -> int:
        return max(1, round((end - self.now).total_seconds()))


class Throttle:
    """Refuses what is tried too often.

    An attempt is counted before anything is known of its success, in a transaction of its own: so
    many who try at once cannot get past the limit, and nothing that is rolled back is forgotten.
    What succeeds is taken off again.
    """

    def __init__(
        self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._clock = clock

    def count(self, name: str, **of: str) -> Standing:
        """Count an attempt at ``name`` of somebody: ``account="ann", address="192.0.2.7"``.

        To be called before the caller has a transaction of its own. What is refused is not
        counted, so that who goes on trying does not wait any longer.

        :raises TooManyAttempts: a limit is exceeded.
        """
        now = self._clock()
        with self._database.transaction() as session:
            counted = tuple(
                Counted(
                    limit,
                    *queries.count_up(session, key, now, now + timedelta(seconds=limit.seconds)),
                )
                for key, limit in _keys(name, of)
            )
            standing = Standing(name, counted, now)
            if standing.seconds:
                raise TooManyAttempts(standing.seconds, standing.headers())
            if any(entry.attempts == 1 for entry in counted):
                queries.forget_attempts(session, now)
        return standing

    def forgive(self, session: Session, name: str, **of: str) -> None:
        """Take an attempt off again that has succeeded, in the transaction of ``session``."""
        for key, _ in _keys(name, of):
            queries.count_down(session, key)


def _keys(name: str, of: Mapping[str, str]) -> Iterable[tuple[str, Limit]]:
    """In one order for everybody, since each of them is locked."""
    pairs = ((f"{name}:{_who(limit, of)}:{limit.seconds}", limit) for limit in LIMITS[name])
    return sorted(pairs)


def _who(limit: Limit, of: Mapping[str, str]) -> str:
    if limit.by == "all":
        return limit.by
    value = of[limit.by]
    if limit.by == "address":
        value = _network(value)
    if not PLAIN.fullmatch(value):
        # A key has its length, and what people type into a field need not be kept.
        value = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{limit.by}:{value}"


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
