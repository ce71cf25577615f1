"""Writing what nobody waits for: noted in memory, written in batches by a thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from threading import Event, Lock, Thread
from typing import Generic, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from stockroom.feed import Feed

log = logging.getLogger(__name__)

K = TypeVar("K")
V = TypeVar("V")

CLOSE_SECONDS = 10.0
"""How long the end of the process waits for a database that does not answer."""


class Batches(Generic[K, V]):
    """Collects values for ``seconds``, the last one of each key, and hands them to ``write``.

    ``write`` returns what it could not write, because others have locked it; that, and everything
    when the database does not answer, is kept for the next time. The request that notes something
    costs no query. What was noted last is lost if the process is killed. Nothing is announced.
    """

    def __init__(
        self,
        feed: Feed,
        what: str,
        write: Callable[[Mapping[K, V]], Mapping[K, V]],
        seconds: float,
    ) -> None:
        self.seconds = seconds
        self._feed = feed
        self._what = what
        self._write = write
        self._lock = Lock()
        self._waiting: dict[K, V] = {}
        self._news = Event()
        self._stopping = Event()
        self._thread: Thread | None = None

    def note(self, key: K, value: V) -> None:
        """Have ``value`` written, in the place of what is still waiting for the same key."""
        with self._lock:
            self._waiting[key] = value
        if not self._news.is_set():
            self._wake()

    def write(self) -> None:
        """Write what was noted until now."""
        with self._lock:
            noted, self._waiting = self._waiting, {}
        if not noted:
            return
        left: Mapping[K, V] = noted
        try:
            left = self._write(noted)
            # Who hears of this commit would look for events in vain: let it not be a request.
            self._feed.check()
        except SQLAlchemyError:
            log.warning("could not note %s; trying again", self._what, exc_info=True)
        if left:
            with self._lock:
                self._waiting = {**left, **self._waiting}
            self._news.set()

    def close(self) -> None:
        """Write what is left, and stop the thread."""
        self._stopping.set()
        self._news.set()
        if self._thread is not None:
            self._thread.join(CLOSE_SECONDS)

    def _wake(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = Thread(target=self._run, name=f"stockroom-{self._what}", daemon=True)
                self._thread.start()
        self._news.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._news.wait()
            self._stopping.wait(self.seconds)
            self._news.clear()
            self.write()
