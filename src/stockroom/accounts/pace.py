"""How often an address may come, counted by each node for itself and in memory.

For doors at which nothing can be guessed, where a count in the database would cost more than the
answer.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable
from threading import Lock

from stockroom.errors import Problem

WINDOW_SECONDS = 60.0
MOST_ADDRESSES = 100_000
"""Addresses that are told apart in a window; when there are more, counting begins anew."""
IPV6_PREFIX = 64
"""Bits of an IPv6 address that tell one customer from another; the rest is theirs to choose."""


class TooManyRequests(Problem):
    """An address comes too often; ``seconds`` is how long to wait."""

    slug, status, title = "too-many-requests", 429, "Too many requests"

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"too many requests come from this address; try again in {seconds} seconds"
        )
        self.seconds = seconds

    @property
    def headers(self) -> list[tuple[str, str]]:
        """When to come again."""
        return [("Retry-After", str(self.seconds))]


class Pace:
    """At most ``quota`` requests a minute of each address."""

    def __init__(self, quota: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._quota = quota
        self._clock = clock
        self._lock = Lock()
        self._ends = 0.0
        self._counts: dict[str, int] = {}

    def count(self, address: str) -> None:
        """Count a request.

        :raises TooManyRequests: there were too many.
        """
        now, who = self._clock(), _network(address)
        with self._lock:
            if now >= self._ends or len(self._counts) >= MOST_ADDRESSES:
                self._ends = now + WINDOW_SECONDS
                self._counts = {}
            count = self._counts[who] = self._counts.get(who, 0) + 1
            left = self._ends - now
        if count > self._quota:
            raise TooManyRequests(max(1, round(left)))


def _network(address: str) -> str:
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
