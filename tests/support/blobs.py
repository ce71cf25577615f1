"""Blobs that nobody needs: making them, making them old, and looking at what is left."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import current_thread
from typing import Any

from sqlalchemy import Select, delete, exists, select, text, update

from stockroom.builtin.filesystem import FilesystemStorage
from stockroom.feed import emit
from stockroom.manage.integrity import Finding, Integrity
from stockroom.manage.sweeping import Sweeper
from stockroom.models import Blob, File, Package, Registry, Release, UploadFile, UploadSession
from tests.support.site import TestSite
from tests.support.statements import watched
from tests.support.waiting import Worker, wait_until

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
UPLOAD, SWEEP = "upload", "sweep"
"""Names of the threads in a race."""


def digest_of(content: bytes) -> str:
    """The name of a blob."""
    return hashlib.sha256(content).hexdigest()


def storage_of(site: TestSite) -> FilesystemStorage:
    """The storage of a site, opened once more."""
    return FilesystemStorage(site.folder)


def sweeper_of(site: TestSite, storage: FilesystemStorage | None = None) -> Sweeper:
    """A sweeper on a site."""
    return Sweeper(site.database, storage or storage_of(site))


def put_bytes(site: TestSite, content: bytes, at: datetime = LONG_AGO) -> str:
    """Put bytes into the storage that have no row."""
    path = storage_of(site).local_file(digest_of(content))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path.name


def put_leftover(site: TestSite, name: str, at: datetime = LONG_AGO) -> None:
    """Leave something in the staging folder, as a crash does."""
    path = site.folder / "staging" / name
    path.write_bytes(b"half an upload")
    os.utime(path, (at.timestamp(), at.timestamp()))


def add_session(
    site: TestSite, status: str = "open", expires_at: datetime = NEVER, /, **columns: Any
) -> int:
    """A session with one file of demo-pkg 1.0, of which ``columns`` may name blobs."""
    with site.database.transaction() as session:
        registry = session.execute(select(Registry.id)).scalar_one()
        row = UploadSession(
            token=secrets.token_hex(16),
            kind="direct",
            registry_id=registry,
            package="demo-pkg",
            display_name="demo-pkg",
            version="1.0",
            canonical_version="1",
            status=status,
            created_at=LONG_AGO,
            created_by="test",
            expires_at=expires_at,
        )
        session.add(row)
        session.flush()
        file = UploadFile(
            session_id=row.id,
            token=secrets.token_hex(16),
            filename="demo_pkg-1.0-py3-none-any.whl",
            digests={},
            created_at=LONG_AGO,
            **columns,
        )
        session.add(file)
        return row.id


def unpublish(site: TestSite, filename: str) -> None:
    """Delete the rows of a file and of a release without another; nobody may need its blobs."""
    with site.database.transaction() as session:
        row = session.execute(select(File).where(File.filename == filename)).scalar_one()
        package = session.get_one(Package, row.package_id)
        session.execute(delete(File).where(File.id == row.id))
        others = exists().where(File.release_id == row.release_id)
        session.execute(delete(Release).where(Release.id == row.release_id, ~others))
        emit(session, "file.deleted", "test", registry_id=row.registry_id, package=package.name)


def touch_all(site: TestSite, at: datetime = LONG_AGO, *, bytes_at: datetime | None = None) -> None:
    """Make every blob as if it was used last at a time, and its bytes as if written then."""
    with site.database.transaction() as session:
        session.execute(update(Blob).values(touched_at=at))
    stamp = (bytes_at or at).timestamp()
    for blob in storage_of(site).blobs():
        os.utime(storage_of(site).local_file(blob.sha256), (stamp, stamp))


def rows_of(site: TestSite, query: Select[tuple[str]] | None = None) -> set[str]:
    """The digests of all blobs that have a row, or another column."""
    with site.database.read() as connection:
        return set(connection.execute(select(Blob.sha256) if query is None else query).scalars())


def stored(site: TestSite) -> set[str]:
    """The digests of all bytes in the storage."""
    return {blob.sha256 for blob in storage_of(site).blobs()}


def findings(site: TestSite) -> list[Finding]:
    """What a check of every byte finds."""
    steps = Integrity(site.database, storage_of(site)).check(deep=True)
    return [step for step in steps if isinstance(step, Finding)]


def start(name: str, run: Callable[[], Any]) -> Worker:
    """Run something in a thread of that name."""

    def run_named() -> Any:
        current_thread().name = name
        return run()

    return Worker(run_named)


@contextmanager
def statements_of(site: TestSite, thread: str) -> Iterator[list[str]]:
    """Collect what a thread sends to the database, before it is answered."""
    sent: list[str] = []

    def note(statement: str) -> None:
        if current_thread().name == thread:
            sent.append(statement)

    with watched(site.database.engine, before=note):
        yield sent


def wait_until_blocked(site: TestSite, sent: list[str]) -> None:
    """Wait until a thread, of which ``sent`` are the statements, waits for a lock.

    Somebody must hold it: SQLite has one, and does not tell who waits.
    """
    if site.database.is_sqlite:
        wait_until(lambda: any("BEGIN IMMEDIATE" in statement for statement in sent))
        return
    query = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    def blocked() -> bool:
        with site.database.read() as connection:
            waiting: int = connection.execute(query).scalar_one()
        return waiting > 0

    wait_until(blocked)
