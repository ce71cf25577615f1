"""When credentials were used last, and from where: nobody waits for it to be written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

import zope.sqlalchemy
from sqlalchemy import Select, select, update
from sqlalchemy.orm import InstrumentedAttribute

from stockroom.batches import Batches
from stockroom.db import Base, Database
from stockroom.feed import Feed
from stockroom.models import ApiKey, BrowserSession, Login

WRITE_SECONDS = 60.0
"""How long uses are collected before they are written."""
BATCH = 500
MAX_ADDRESS = 64


class Use(NamedTuple):
    """When a credential was used, and from which address."""

    at: datetime
    address: str


class _Table(NamedTuple):
    model: type[Base]
    used_at: InstrumentedAttribute[Any]
    used_from: InstrumentedAttribute[Any] | None


TABLES = {
    "key": _Table(ApiKey, ApiKey.used_at, ApiKey.used_from),
    "session": _Table(BrowserSession, BrowserSession.seen_at, None),
    "login": _Table(Login, Login.seen_at, None),
}
"""Where the last use of each kind of credential stands."""


class Uses:
    """Notes the last use of each credential in memory, and writes it once a minute."""

    def __init__(
        self,
        database: Database,
        feed: Feed,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._clock = clock
        self.batches: Batches[str, Use] = Batches(feed, "uses", self._write, WRITE_SECONDS)

    def note(self, credential: str, address: str) -> None:
        """Remember that a credential, such as ``key:7``, is being used now."""
        self.batches.note(credential, Use(self._clock(), address))

    def write(self) -> None:
        """Write what was noted until now; what cannot be written is kept for the next time."""
        self.batches.write()

    def close(self) -> None:
        """Write what is left, and stop the thread."""
        self.batches.close()

    def _write(self, noted: Mapping[str, Use]) -> Mapping[str, Use]:
        """Returns what somebody else had locked."""
        left: dict[str, Use] = {}
        for kind, table in TABLES.items():
            uses = {
                int(credential.partition(":")[2]): use
                for credential, use in noted.items()
                if credential.startswith(f"{kind}:")
            }
            for batch in _batches(sorted(uses)):
                locked = self._write_batch(table, {id_: uses[id_] for id_ in batch})
                left.update({f"{kind}:{id_}": uses[id_] for id_ in locked})
        return left

    def _write_batch(self, table: _Table, uses: Mapping[int, Use]) -> Iterable[int]:
        wanted = _stored(table, uses)
        with self._database.read() as connection:
            due = _older({row[0]: row[1] for row in connection.execute(wanted)}, uses)
        if not due:  # another process was later, or they are gone
            return ()
        with self._database.transaction() as session:
            # Rows that others have locked are left for later: who waits for nobody can never be
            # part of a deadlock.
            free = wanted.with_for_update(skip_locked=True, key_share=True)
            rows = {row[0]: row[1] for row in session.execute(free)}
            changes = [_change(table, id_, uses[id_]) for id_ in _older(rows, uses)]
            if changes:
                session.execute(update(table.model), changes)
                zope.sqlalchemy.mark_changed(session)
            return [id_ for id_ in due if id_ not in rows]


def _stored(table: _Table, uses: Iterable[int]) -> Select[Any]:
    id_: InstrumentedAttribute[int] = table.model.id  # type: ignore[attr-defined]
    return select(id_, table.used_at).where(id_.in_(list(uses))).order_by(id_)


def _older(stored: Mapping[int, datetime | None], uses: Mapping[int, Use]) -> list[int]:
    """Those of which an earlier use is stored than was noted."""
    return [id_ for id_, at in stored.items() if at is None or at < uses[id_].at]


def _change(table: _Table, id_: int, use: Use) -> dict[str, Any]:
    change: dict[str, Any] = {"id": id_, table.used_at.key: use.at}
    if table.used_from is not None:
        change[table.used_from.key] = use.address[:MAX_ADDRESS]
    return change


def _batches(ids: Sequence[int]) -> Iterable[list[int]]:
    left = iter(ids)
    while batch := list(islice(left, BATCH)):
        yield batch
