"""Following the outbox without asking the database at every request."""

from __future__ import annotations

import logging
import socket
import sqlite3
import time
from collections.abc import Callable, Sequence
from selectors import EVENT_READ, DefaultSelector
from threading import Event as ThreadEvent
from threading import Lock, Thread
from typing import Protocol

import psycopg

from stockroom.db import CHANGED, Database
from stockroom.feed import outbox
from stockroom.feed.outbox import Change

log = logging.getLogger(__name__)

Listener = Callable[[Sequence[Change]], None]

PROOF_SECONDS = 1.0
"""A listener that has proved nothing for longer than this is taken for dead."""
BEAT_SECONDS = 0.4
"""How often a listener without news proves that it lives."""
RETRY_SECONDS = 0.5


class Feed:
    """Tells listeners of every committed change, before the request that asks is answered.

    :meth:`check` is called at the beginning of every request. On SQLite it compares a counter that
    the database file carries; on PostgreSQL a thread listens for notifications, and only a node
    that cannot prove that this thread heard everything asks the database instead.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: list[Listener] = []
        self._lock = Lock()
        # Numbers of the last pull that began, and of the last that is through.
        self._begun = self._done = 0
        self._read = outbox.read_sqlite if database.is_sqlite else outbox.read_postgresql
        watch = _SqliteWatch if database.is_sqlite else _PostgresqlWatch
        # Watched from before the position is read, so that no commit falls in between; whoever
        # pulls at once waits for it.
        with self._lock:
            self._watch: _Watch = watch(database, self.pull)
            with database.read_news() as connection:
                self._position = outbox.newest(connection, sqlite=database.is_sqlite)

    def subscribe(self, listener: Listener) -> None:
        """Call ``listener`` with every batch of changes from now on, in order, one at a time."""
        self._listeners.append(listener)

    def check(self) -> None:
        """Apply whatever was committed until now; costs microseconds when there is nothing."""
        self._watch.check()

    def pull(self) -> None:
        """Ask the database what is new, and apply it.

        Many who want to know at once are served by one of them: whatever was committed before one
        asks is seen by every pull that begins afterwards.
        """
        before = self._begun
        with self._lock:
            if self._done > before:
                return
            self._begun += 1
            with self._database.read_news() as connection:
                position, changes = self._read(connection, self._position)
            if changes:
                for listener in self._listeners:
                    listener(changes)
            self._position = position
            self._done = self._begun

    def close(self) -> None:
        """Stop the thread and close the connections."""
        self._watch.close()


class _Watch(Protocol):
    """Knows whether there may be news, and pulls them then."""

    def check(self) -> None:
        """Return when everything committed until now has been pulled."""
        ...

    def close(self) -> None:
        """Stop watching."""
        ...


class _SqliteWatch:
    """A connection that only ever asks whether another one has committed."""

    def __init__(self, database: Database, pull: Callable[[], None]) -> None:
        self._pull = pull
        self._lock = Lock()
        path = str(database.engine.url.database)
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._seen = self._version()

    def check(self) -> None:
        # Who comes while another one pulls waits, and finds the news applied.
        with self._lock:
            version = self._version()
            if version != self._seen:
                self._pull()
                self._seen = version

    def _version(self) -> int:
        """The file's change counter as this connection sees it."""
        row: tuple[int] = self._connection.execute("PRAGMA data_version").fetchone()
        return row[0]

    def close(self) -> None:
        self._connection.close()


class _PostgresqlWatch:
    """A thread on a connection of its own that pulls whenever a commit is announced."""

    def __init__(self, database: Database, pull: Callable[[], None]) -> None:
        self._pull = pull
        # This node's own commits are applied before they are answered, announced or not.
        database.after_commit.append(pull)
        arguments, options = database.engine.dialect.create_connect_args(database.engine.url)
        self._arguments = arguments
        self._options = {**options, "autocommit": True}
        self._proved = float("-inf")
        self._stopping = ThreadEvent()
        self._bell, self._heard = socket.socketpair()
        self._thread = Thread(target=self._run, name="stockroom-feed", daemon=True)
        self._thread.start()

    def check(self) -> None:
        # Otherwise everything committed until a second ago has certainly been heard of.
        if time.monotonic() - self._proved >= PROOF_SECONDS:
            self._pull()

    def close(self) -> None:
        self._stopping.set()
        self._bell.close()
        self._thread.join(timeout=BEAT_SECONDS + 1)
        self._heard.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except Exception:
                # Whatever it was, requests ask the database themselves until we are back.
                self._proved = float("-inf")
                if not self._stopping.is_set():
                    log.warning("the change feed lost its connection; trying again", exc_info=True)
                    self._stopping.wait(RETRY_SECONDS)

    def _listen(self) -> None:
        with (
            psycopg.connect(*self._arguments, **self._options) as connection,
            DefaultSelector() as news,
        ):
            connection.execute(f"LISTEN {CHANGED}")
            news.register(connection.fileno(), EVENT_READ)
            # Readable when the other end is closed, so that nobody waits for the end of a beat.
            news.register(self._heard, EVENT_READ)
            while not self._stopping.is_set():
                asked = time.monotonic()
                # Proves that the connection lives, so that notifications do arrive, ...
                connection.execute("SELECT 1")
                # ... and that nothing was missed before, should an announcement have been lost.
                self._pull()
                self._proved = asked
                news.select(BEAT_SECONDS)
                for _ in connection.notifies(timeout=0):
                    pass
