"""What was fetched from another server and is kept for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from stockroom_sso.transport import Failed

T = TypeVar("T")

KEPT_SECONDS = 3600
"""For how long a document is believed."""
FAILED_SECONDS = 10
"""For how long nobody asks again where asking has failed: a server that hangs must not hang us."""


class Kept(Generic[T]):
    """A value that ``fetch`` gets, by one thread at a time; a Failed of it is kept as well."""

    def __init__(self, fetch: Callable[[], T], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = Lock()
        self._value: T | None = None
        self._fetched_at = 0.0
        self._failure = ""
        self._failed_at = 0.0

    def get(self, other_than: T | None = None) -> T:
        """The value; a new one if it is ``other_than``, or an hour old. Raises Failed."""
        with self._lock:
            now = self._clock()
            is_fresh = now - self._fetched_at < KEPT_SECONDS
            if self._value is not None and self._value is not other_than and is_fresh:
                return self._value
            if self._failure and now - self._failed_at < FAILED_SECONDS:
                raise Failed(self._failure)
            try:
                self._value = self._fetch()
            except Failed as error:
                self._failure, self._failed_at = str(error), self._clock()
                raise
            self._failure, self._fetched_at = "", self._clock()
            return self._value
