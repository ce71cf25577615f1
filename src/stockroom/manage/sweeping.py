"""Removing what nobody needs any more from the storage, beside servers that go on working."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from stockroom.db import Database, insert_if_absent
from stockroom.feed import emit
from stockroom.manage import queries
from stockroom.manage.scopes import team_of
from stockroom.models import LIVE, Blob, UploadFile, UploadSession
from stockroom.security.scopes import Scope
from stockroom.spi import BlobStat, Storage

BATCH = 500
GRACE = timedelta(hours=24)
"""For how long what nobody needs is left alone, unless the operator says otherwise."""


@dataclass(frozen=True, slots=True)
class Swept:
    """One thing that went, or, in a dry run, that would go; ``size`` in bytes.

    ``kind`` is ``unreferenced`` (a blob that no row names, with its row), ``unknown`` (bytes
    without a row), ``leftover`` (staged bytes of a crash), ``expired`` (an upload session that is
    canceled now) or ``ended`` (one that had ended, and is forgotten now).
    """

    kind: str
    name: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class Looked:
    """One more blob was looked at that stays, or may stay."""


Step = Swept | Looked


class Sweeper:
    """Sweeps one server; any number may work at once, beside any number of uploads.

    Each blob goes in a transaction of its own that holds its row from the last look at who needs
    it to the end. An upload of the same content locks the same row before it publishes its bytes,
    so it comes before that look, and is seen, or after that end, and finds nothing.
    """

    def __init__(
        self,
        database: Database,
        storage: Storage,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._storage = storage
        self._clock = clock

    def count(self) -> int:
        """About how many steps :meth:`sweep` will take."""
        with self._database.read() as connection:
            return queries.count_blobs(connection)

    def sweep(
        self, actor: str, grace: timedelta = GRACE, *, dry_run: bool = False
    ) -> Iterator[Step]:
        """Remove everything that nobody needs and nobody has touched for ``grace``.

        Upload sessions have a time of their own, and staged bytes a day. In a ``dry_run`` nothing
        changes, and blobs are left out that only sessions need which would go. Whatever has gone
        when this ends, by an exception too, is told in one event ``storage.swept``.
        """
        now = self._clock()
        went: dict[str, dict[str, int]] = {}
        try:
            for step in self._steps(now, now - grace, actor, dry_run=dry_run):
                if isinstance(step, Swept):
                    figures = went.setdefault(step.kind, {"count": 0, "bytes": 0})
                    figures["count"] += 1
                    figures["bytes"] += step.size
                yield step
        finally:
            if went and not dry_run:
                with self._database.transaction() as session:
                    emit(session, "storage.swept", actor, figures=went)

    def _steps(
        self, now: datetime, before: datetime, actor: str, *, dry_run: bool
    ) -> Iterator[Step]:
        # In this order: a canceled session is told as such until the next sweep, and the blobs of
        # sessions that went may go now.
        yield from self._forget_sessions(now, dry_run=dry_run)
        yield from self._cancel_sessions(now, actor, dry_run=dry_run)
        yield from self._unreferenced(before, dry_run=dry_run)
        yield from self._unknown(before, dry_run=dry_run)
        for name in self._storage.leftovers():
            if not dry_run:
                self._storage.remove_leftover(name)
            yield Swept("leftover", name)

    def _forget_sessions(self, now: datetime, *, dry_run: bool) -> Iterator[Swept]:
        for number, label in self._sessions(now, live=False):
            if dry_run or self._forget(number, now):
                yield Swept("ended", label)

    def _cancel_sessions(self, now: datetime, actor: str, *, dry_run: bool) -> Iterator[Swept]:
        for number, label in self._sessions(now, live=True):
            if dry_run or self._cancel(number, now, actor):
                yield Swept("expired", label)

    def _sessions(self, now: datetime, *, live: bool) -> Iterator[tuple[int, str]]:
        """Ids and names of the sessions whose time is over."""
        last = 0
        while True:
            query = (
                select(UploadSession.id, UploadSession.package, UploadSession.version)
                .where(UploadSession.id > last, *_is_over(now, live=live))
                .order_by(UploadSession.id)
                .limit(BATCH)
            )
            with self._database.read() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            yield from ((row.id, f"{row.package} {row.version}") for row in rows)
            last = rows[-1].id

    def _forget(self, number: int, now: datetime) -> bool:
        """Delete an ended session with its files, unless somebody else has done so."""
        with self._database.transaction() as session:
            statement = (
                delete(UploadSession)
                .where(UploadSession.id == number, *_is_over(now, live=False))
                .returning(UploadSession.id)
            )
            return session.execute(statement).first() is not None

    def _cancel(self, number: int, now: datetime, actor: str) -> bool:
        """Cancel a session, unless it has ended or was prolonged in the meantime."""
        with self._database.transaction() as session:
            found = session.execute(
                select(UploadSession)
                .where(UploadSession.id == number, *_is_over(now, live=True))
                .with_for_update()
            ).scalar_one_or_none()
            if found is None:
                return False
            before, found.status = found.status, "canceled"
            session.execute(delete(UploadFile).where(UploadFile.session_id == number))
            emit(
                session,
                # A session of another kind is that of a browser.
                "stage.canceled" if found.kind == "stage" else "upload.canceled",
                actor,
                team_id=team_of(session, Scope("registry", found.registry_id)),
                registry_id=found.registry_id,
                package=found.package,
                before=before,
                after="canceled",
                version=found.version,
                reason="expired",
            )
            return True

    def _unreferenced(self, before: datetime, *, dry_run: bool) -> Iterator[Swept]:
        last = ""
        while True:
            query = (
                select(Blob.sha256)
                .where(Blob.sha256 > last, *_is_free(before))
                .order_by(Blob.sha256)
                .limit(BATCH)
            )
            with self._database.read() as connection:
                batch = list(connection.execute(query).scalars())
            if not batch:
                return
            for sha256 in batch:
                size = self._freed(sha256, before) if dry_run else self._remove(sha256, before)
                if size is not None:
                    yield Swept("unreferenced", sha256, size)
            last = batch[-1]

    def _freed(self, sha256: str, before: datetime) -> int | None:
        """Bytes that the removal of a blob frees; None when its bytes are too new to go."""
        found = self._storage.stat(sha256)
        if found is None:
            return 0
        # Its bytes may have come before the row could be touched.
        is_new = found.modified_at is not None and found.modified_at >= before.timestamp()
        return None if is_new else found.size

    def _remove(self, sha256: str, before: datetime) -> int | None:
        """Remove a blob unless somebody needs or touches it; tells the bytes freed, None if not."""
        with self._database.transaction() as session:
            session.execute(select(Blob.sha256).where(Blob.sha256 == sha256).with_for_update())
            # In a statement of its own: one that had to wait for a lock sees all other tables as
            # they were before.
            is_free = select(Blob.sha256).where(Blob.sha256 == sha256, *_is_free(before))
            if session.execute(is_free).first() is None:
                return None
            size = self._freed(sha256, before)
            if size is not None:
                self._remove_locked(sha256, session)
            return size

    def _remove_locked(self, sha256: str, session: Session) -> None:
        # First the row, whose foreign keys would object, though it is gone for others only when
        # the bytes are. A crash in between leaves a row without bytes that nobody needs: an upload
        # brings its own, and the next sweep finds it again.
        session.execute(delete(Blob).where(Blob.sha256 == sha256))
        self._storage.delete(sha256)

    def _unknown(self, before: datetime, *, dry_run: bool) -> Iterator[Step]:
        batch: list[BlobStat] = []
        for blob in self._storage.blobs():
            yield Looked()
            if _is_older(blob, before):
                batch.append(blob)
            if len(batch) == BATCH:
                yield from self._without_row(batch, before, dry_run=dry_run)
                batch = []
        yield from self._without_row(batch, before, dry_run=dry_run)

    def _without_row(
        self, batch: list[BlobStat], before: datetime, *, dry_run: bool
    ) -> Iterator[Swept]:
        with self._database.read() as connection:
            known = queries.known_blobs(connection, [blob.sha256 for blob in batch])
        for blob in batch:
            if blob.sha256 not in known and (dry_run or self._remove_unknown(blob, before)):
                yield Swept("unknown", blob.sha256, blob.size)

    def _remove_unknown(self, blob: BlobStat, before: datetime) -> bool:
        """Remove bytes that have no row, unless they have got one, or are new, by now."""
        now = self._clock()
        row = {"sha256": blob.sha256, "size": blob.size, "created_at": now, "touched_at": now}
        with self._database.transaction() as session:
            # A row that is not there cannot be locked. With one of our own, which nobody ever sees,
            # an upload of the same content has to wait.
            if not insert_if_absent(session, Blob, row):
                return False
            found = self._storage.stat(blob.sha256)
            is_old = found is not None and _is_older(found, before)
            if is_old:
                self._remove_locked(blob.sha256, session)
            else:
                session.execute(delete(Blob).where(Blob.sha256 == blob.sha256))
            return is_old


def _is_over(now: datetime, *, live: bool) -> tuple[ColumnElement[bool], ...]:
    return UploadSession.expires_at <= now, UploadSession.status.in_(LIVE) == live


def _is_free(before: datetime) -> tuple[ColumnElement[bool], ...]:
    return Blob.touched_at < before, ~queries.blob_is_needed()


def _is_older(blob: BlobStat, before: datetime) -> bool:
    return blob.modified_at is not None and blob.modified_at < before.timestamp()
