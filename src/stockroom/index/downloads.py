"""On which day each file was downloaded last: retention rules ask for it, nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time
from threading import Lock

import zope.sqlalchemy
from sqlalchemy import Select, or_, select, update

from stockroom.batches import Batches
from stockroom.db import Database
from stockroom.feed import Feed
from stockroom.models import File

WRITE_SECONDS = 5.0
"""How long downloads are collected before they are written."""
BATCH = 500
MOST_REMEMBERED = 200_000
"""Files of which it is known that today's download is noted; more are looked up again."""


class Downloads:
    """Notes downloads in memory, each file once a day, and writes them from a thread of its own.

    Nothing is announced and no serial grows: pages do not show it.
    """

    def __init__(
        self,
        database: Database,
        feed: Feed,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._clock = clock
        self._lock = Lock()
        self._day: date | None = None
        self._known: set[int] = set()
        self.batches = Batches(feed, "downloads", self._write, WRITE_SECONDS)

    def note(self, file_id: int) -> None:
        """Remember that a file is being downloaded now."""
        today = self._clock().date()
        with self._lock:
            if today != self._day or len(self._known) >= MOST_REMEMBERED:
                self._day = today
                self._known.clear()
            if file_id in self._known:
                return
            self._known.add(file_id)
        self.batches.note(file_id, today)

    def write(self) -> None:
        """Write what was noted until now; what cannot be written is kept for the next time."""
        self.batches.write()

    def close(self) -> None:
        """Write what is left, and stop the thread."""
        self.batches.close()

    def _write(self, noted: Mapping[int, date]) -> Mapping[int, date]:
        """Returns what somebody else had locked."""
        left: dict[int, date] = {}
        for day in sorted(set(noted.values())):
            ids = sorted(file_id for file_id, noted_on in noted.items() if noted_on == day)
            for start in range(0, len(ids), BATCH):
                locked = self._write_batch(ids[start : start + BATCH], day)
                left.update(dict.fromkeys(locked, day))
        return left

    def _write_batch(self, ids: Sequence[int], day: date) -> Collection[int]:
        midnight = datetime.combine(day, time(), UTC)
        due = _due(ids, midnight)
        with self._database.read() as connection:
            wanted = set(connection.execute(due).scalars())
        if not wanted:  # another process was first, or the files are gone
            return ()
        with self._database.transaction() as session:
            # Rows that others have locked are left for later: who waits for nobody can never be
            # part of a deadlock.
            free = due.with_for_update(skip_locked=True, key_share=True)
            written = session.execute(
                update(File)
                .where(File.id.in_(free))
                .values(downloaded_at=midnight)
                .returning(File.id)
                .execution_options(synchronize_session=False)
            )
            zope.sqlalchemy.mark_changed(session)
            return wanted - set(written.scalars())


def _due(ids: Sequence[int], midnight: datetime) -> Select[int]:
    """Those of the files that have an older day."""
    is_older = or_(File.downloaded_at.is_(None), File.downloaded_at < midnight)
    return select(File.id).where(File.id.in_(ids), is_older).order_by(File.id)
