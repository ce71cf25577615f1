"""The sweeper on both databases: what goes, what stays, and what an upload may do meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import current_thread
from typing import Any

import pytest
from sqlalchemy import insert, select

from stockroom.builtin.filesystem import FilesystemStorage
from stockroom.manage import sweeping
from stockroom.manage.sweeping import GRACE, Sweeper, Swept
from stockroom.models import Blob, Event, UploadFile, UploadSession
from stockroom.spi import BlobStat
from tests.archives import make_sdist, make_wheel
from tests.support.blobs import (
    LONG_AGO,
    SWEEP,
    UPLOAD,
    add_session,
    digest_of,
    findings,
    put_bytes,
    put_leftover,
    rows_of,
    start,
    statements_of,
    storage_of,
    stored,
    sweeper_of,
    touch_all,
    unpublish,
    wait_until_blocked,
)
from tests.support.site import TestSite
from tests.support.statements import watched
from tests.support.uploads import inventory
from tests.support.waiting import Gate, Worker

WHEEL = make_wheel("demo-pkg", "1.0")
SDIST = make_sdist("demo-pkg", "0.9")
NOW = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def key(both: TestSite) -> str:
    """A key for a site on which the sdist is published, and the wheel was: its blobs are old."""
    key = both.create_key()
    for file in (SDIST, WHEEL):
        both.upload(*file, key)
    unpublish(both, WHEEL[0])
    touch_all(both)
    return key


def sweep(
    site: TestSite, *, storage: FilesystemStorage | None = None, dry_run: bool = False
) -> list[Swept]:
    steps = sweeper_of(site, storage).sweep("test", dry_run=dry_run)
    return [step for step in steps if isinstance(step, Swept)]


def sweep_at(site: TestSite, now: datetime) -> list[Swept]:
    steps = Sweeper(site.database, storage_of(site), lambda: now).sweep("test")
    return [step for step in steps if isinstance(step, Swept)]


def kinds(swept: list[Swept]) -> list[str]:
    return [step.kind for step in swept]


def events_of(site: TestSite, kind: str) -> list[Any]:
    with site.database.transaction() as session:
        return list(session.execute(select(Event).where(Event.kind == kind)).scalars())


def assert_served(site: TestSite, file: tuple[str, bytes], key: str) -> None:
    """The file is on its page, and it and its metadata can be fetched."""
    url = site.file_url("demo-pkg", file[0], key)
    assert site.get(url, key).body == file[1]
    page = site.page("demo-pkg", key)
    shown = {entry["filename"]: entry["core-metadata"] for entry in page["files"]}[file[0]]
    if shown:
        assert digest_of(site.get(f"{url}.metadata", key).body) == shown["sha256"]


def sessions(site: TestSite) -> dict[int, str]:
    with site.database.read() as connection:
        rows = connection.execute(select(UploadSession.id, UploadSession.status))
        return {row.id: row.status for row in rows}


def upload_files(site: TestSite) -> set[str]:
    return rows_of(site, select(UploadFile.filename))


class TestWhatGoes:
    def test_blobs_that_no_row_names(self, both: TestSite, key: str) -> None:
        assert digest_of(WHEEL[1]) in rows_of(both)

        swept = sweep(both)

        assert kinds(swept) == ["unreferenced"] * 2
        assert {len(WHEEL[1])} < {step.size for step in swept}
        assert digest_of(WHEEL[1]) in {step.name for step in swept}
        assert len(rows_of(both)) == 2
        assert stored(both) == rows_of(both)
        assert_served(both, SDIST, key)
        assert findings(both) == []

    def test_bytes_without_a_row(self, both: TestSite, key: str) -> None:
        digest = put_bytes(both, b"from a commit that failed")
        put_bytes(both, b"", datetime.now(UTC))

        swept = sweep(both)

        assert swept[2:] == [Swept("unknown", digest, 25)]
        assert stored(both) == {*rows_of(both), digest_of(b"")}

    def test_a_row_without_bytes_that_nobody_needs(self, both: TestSite, key: str) -> None:
        storage_of(both).delete(digest_of(WHEEL[1]))

        swept = sweep(both)

        assert Swept("unreferenced", digest_of(WHEEL[1]), 0) in swept
        assert rows_of(both) == stored(both)

    def test_leftovers_of_more_than_a_day(self, site: TestSite) -> None:
        put_leftover(site, "crashed")
        put_leftover(site, "running", datetime.now(UTC) - timedelta(hours=23))

        assert sweep(site) == [Swept("leftover", "crashed")]
        assert [path.name for path in (site.folder / "staging").iterdir()] == ["running"]

    def test_sessions_whose_time_is_over(self, both: TestSite) -> None:
        numbers = {
            (status, hours): add_session(both, status, NOW + timedelta(hours=hours))
            for status in ("open", "processing", "error", "published", "canceled")
            for hours in (-1, 1)
        }

        swept = sweep_at(both, NOW)

        assert kinds(swept) == ["ended"] * 2 + ["expired"] * 3
        assert {step.name for step in swept} == {"demo-pkg 1.0"}
        left = {numbers[key]: key[0] for key in numbers if key[1] > 0}
        canceled = {numbers[status, -1]: "canceled" for status in ("open", "processing", "error")}
        assert sessions(both) == {**left, **canceled}
        with both.database.read() as connection:
            named = set(connection.execute(select(UploadFile.session_id)).scalars())
        assert named == set(left)
        ended = [*events_of(both, "stage.canceled"), *events_of(both, "upload.canceled")]
        assert len(ended) == 3
        assert sweep_at(both, NOW) == [Swept("ended", "demo-pkg 1.0")] * 3

    def test_the_blobs_of_sessions_that_went(self, both: TestSite, key: str) -> None:
        add_session(both, "open", LONG_AGO, sha256=digest_of(WHEEL[1]))

        assert kinds(sweep(both)) == ["expired", "unreferenced", "unreferenced"]
        assert digest_of(WHEEL[1]) not in stored(both)

    def test_more_than_fits_in_a_batch(
        self, both: TestSite, key: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sweeping, "BATCH", 2)
        row = {"size": 1, "created_at": LONG_AGO, "touched_at": LONG_AGO}
        with both.database.transaction() as session:
            session.execute(
                insert(Blob), [{"sha256": digest_of(f"{n}".encode()), **row} for n in range(5)]
            )
        for number in range(5):
            put_bytes(both, f"unknown {number}".encode())
            add_session(both, "open", LONG_AGO)
            add_session(both, "published", LONG_AGO)

        swept = sweep(both)

        assert kinds(swept) == [
            *["ended"] * 5,
            *["expired"] * 5,
            *["unreferenced"] * 7,
            *["unknown"] * 5,
        ]
        assert len(set(swept)) == 1 + 1 + 7 + 5
        assert findings(both) == []


class TestWhatStays:
    @pytest.fixture
    def both(self, site: TestSite) -> TestSite:
        """One kind of database is enough here."""
        return site

    @pytest.mark.parametrize(
        ("touched", "written", "goes"),
        [
            (-MOMENT, -MOMENT, True),
            (timedelta(0), -MOMENT, False),
            (-MOMENT, timedelta(0), False),
            (timedelta(0), timedelta(0), False),
        ],
    )
    def test_a_blob_that_is_not_older_than_the_grace_period(
        self, both: TestSite, key: str, touched: timedelta, written: timedelta, goes: bool
    ) -> None:
        limit = NOW - GRACE
        touch_all(both, limit + touched, bytes_at=limit + written)

        swept = sweep_at(both, NOW)

        assert kinds(swept) == ["unreferenced"] * 2 * goes
        assert (digest_of(WHEEL[1]) in stored(both)) is not goes
        assert rows_of(both) == stored(both)

    @pytest.mark.parametrize(("after", "goes"), [(-MOMENT, True), (timedelta(0), False)])
    def test_bytes_without_a_row_that_are_not_older(
        self, both: TestSite, after: timedelta, goes: bool
    ) -> None:
        put_bytes(both, b"unknown", NOW - GRACE + after)

        assert kinds(sweep_at(both, NOW)) == ["unknown"] * goes
        assert (digest_of(b"unknown") in stored(both)) is not goes

    def test_bytes_of_unknown_age_without_a_row(
        self, both: TestSite, key: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put_bytes(both, b"unknown")
        known = storage_of(both).blobs

        class Ageless(FilesystemStorage):
            def blobs(self) -> Iterator[Any]:
                return (BlobStat(blob.sha256, blob.size) for blob in known())

        assert kinds(sweep(both, storage=Ageless(both.folder))) == ["unreferenced"] * 2
        assert digest_of(b"unknown") in stored(both)

    @pytest.mark.parametrize("column", ["sha256", "metadata_sha256"])
    def test_blobs_that_an_upload_session_names(
        self, both: TestSite, key: str, column: str
    ) -> None:
        add_session(both, **{column: digest_of(WHEEL[1])})

        swept = sweep(both)

        assert len(swept) == 1
        assert digest_of(WHEEL[1]) in stored(both) & rows_of(both)
        assert upload_files(both) == {WHEEL[0]}

    def test_a_session_until_its_time_is_over(self, both: TestSite) -> None:
        number = add_session(both, "open", NOW)

        assert sweep_at(both, NOW - MOMENT) == []
        assert kinds(sweep_at(both, NOW)) == ["expired"]
        assert sessions(both) == {number: "canceled"}

    def test_everything_in_a_dry_run_which_tells_what_would_go(
        self, both: TestSite, key: str
    ) -> None:
        put_bytes(both, b"unknown")
        put_leftover(both, "crashed")
        add_session(both, "open", LONG_AGO)
        add_session(both, "canceled", LONG_AGO)
        before = inventory(both), sessions(both), upload_files(both)

        told = sweep(both, dry_run=True)

        assert (inventory(both), sessions(both), upload_files(both)) == before
        assert kinds(told) == [
            "ended",
            "expired",
            "unreferenced",
            "unreferenced",
            "unknown",
            "leftover",
        ]
        assert sweep(both) == told


class TestEvent:
    @pytest.fixture
    def both(self, site: TestSite) -> TestSite:
        """One kind of database is enough here."""
        return site

    def test_one_with_the_figures(self, both: TestSite, key: str) -> None:
        put_bytes(both, b"unknown")

        sizes = {step.name: step.size for step in sweep(both) if step.kind == "unreferenced"}

        [event] = events_of(both, "storage.swept")
        assert event.actor == "test"
        assert event.data == {
            "figures": {
                "unreferenced": {"count": 2, "bytes": sum(sizes.values())},
                "unknown": {"count": 1, "bytes": 7},
            }
        }

    def test_none_when_nothing_went(self, both: TestSite) -> None:
        sweep(both)

        assert events_of(both, "storage.swept") == []

    def test_also_when_the_storage_refuses_to_go_on(self, both: TestSite, key: str) -> None:
        class Refusing(FilesystemStorage):
            calls = 0

            def delete(self, sha256: str) -> None:
                self.calls += 1
                if self.calls == 2:
                    raise OSError(30, "Read-only file system")
                super().delete(sha256)

        with pytest.raises(OSError, match="Read-only"):
            sweep(both, storage=Refusing(both.folder))

        [event] = events_of(both, "storage.swept")
        assert event.data["figures"]["unreferenced"]["count"] == 1
        assert stored(both) == rows_of(both)
        assert len(rows_of(both)) == 3


class CrashingStorage(FilesystemStorage):
    """Dies between the end of the bytes and the commit."""

    def delete(self, sha256: str) -> None:
        """Delete, and die."""
        super().delete(sha256)
        raise KeyboardInterrupt


class TestCrash:
    """The bytes are deleted, the row is not."""

    def crash(self, site: TestSite) -> None:
        with pytest.raises(KeyboardInterrupt):
            sweep(site, storage=CrashingStorage(site.folder))
        assert len(rows_of(site) - stored(site)) == 1

    def test_no_file_is_lost(self, both: TestSite, key: str) -> None:
        self.crash(both)

        assert [finding.is_damage for finding in findings(both)] == [False] * 2
        assert_served(both, SDIST, key)

    def test_an_upload_of_the_same_content_works(self, both: TestSite, key: str) -> None:
        self.crash(both)

        both.upload(*WHEEL, key)

        assert_served(both, WHEEL, key)
        assert findings(both) == []

    def test_the_next_sweep_removes_the_rest(self, both: TestSite, key: str) -> None:
        self.crash(both)

        assert len(sweep(both)) == 2
        assert findings(both) == []
        assert_served(both, SDIST, key)


class GatedStorage(FilesystemStorage):
    """Stops before it deletes."""

    def __init__(self, site: TestSite, gate: Gate) -> None:
        super().__init__(site.folder)
        self._gate = gate

    def delete(self, sha256: str) -> None:
        """Wait, and delete."""
        self._gate.stop_here()
        super().delete(sha256)


@contextmanager
def standing_upload(site: TestSite, key: str) -> Iterator[tuple[Gate, Worker]]:
    """An upload of the wheel that has locked its blobs, and not yet published them."""
    gate = Gate()

    def stop(statement: str) -> None:
        if current_thread().name == UPLOAD and statement.startswith("INSERT INTO blobs"):
            gate.stop_here()

    with watched(site.database.engine, after=stop):
        upload = start(UPLOAD, lambda: site.upload(*WHEEL, key))
        try:
            gate.wait()
            yield gate, upload
        finally:
            gate.open()


def forget_rows(site: TestSite) -> None:
    """Leave the bytes of the wheel without rows."""
    wheel = [step.name for step in sweep(site)]
    assert len(wheel) == 2
    put_bytes(site, WHEEL[1])


@pytest.mark.parametrize("with_row", [True, False], ids=["unreferenced", "unknown"])
class TestRaceWithAnUpload:
    """Of the same content; whoever has locked the blob first goes first."""

    def test_the_sweeper_is_first(self, both: TestSite, key: str, with_row: bool) -> None:
        if not with_row:
            forget_rows(both)
        gate = Gate()
        sweeping = start(SWEEP, lambda: sweep(both, storage=GatedStorage(both, gate)))
        gate.wait()

        with statements_of(both, UPLOAD) as sent:
            upload = start(UPLOAD, lambda: both.upload(*WHEEL, key))
            wait_until_blocked(both, sent)
            gate.open()
            sweeping.result()
            assert upload.result().status == "200 OK"

        assert_served(both, WHEEL, key)
        assert_served(both, SDIST, key)
        assert findings(both) == []

    def test_the_upload_is_first(self, both: TestSite, key: str, with_row: bool) -> None:
        if not with_row:
            forget_rows(both)
        with standing_upload(both, key) as (gate, upload), statements_of(both, SWEEP) as sent:
            sweeping = start(SWEEP, lambda: sweep(both))
            wait_until_blocked(both, sent)
            gate.open()
            assert upload.result().status == "200 OK"
            swept = sweeping.result()

        assert digest_of(WHEEL[1]) not in [step.name for step in swept]
        assert_served(both, WHEEL, key)
        assert_served(both, SDIST, key)
        assert findings(both) == []


@pytest.mark.parametrize("with_row", [True, False], ids=["unreferenced", "unknown"])
def test_of_two_sweepers_at_once_each_thing_goes_with_one(
    both: TestSite, key: str, with_row: bool
) -> None:
    if not with_row:
        forget_rows(both)
    gate = Gate()
    one = start(UPLOAD, lambda: sweep(both, storage=GatedStorage(both, gate)))
    gate.wait()

    with statements_of(both, SWEEP) as sent:
        other = start(SWEEP, lambda: sweep(both))
        wait_until_blocked(both, sent)
        gate.open()
        swept = [*one.result(), *other.result()]

    assert len(swept) == len(set(swept)) == 1 + with_row
    assert stored(both) == rows_of(both)
    assert_served(both, SDIST, key)
    assert findings(both) == []


def test_sweepers_without_pause_beside_uploads_of_the_same_content(
    both: TestSite, key: str
) -> None:
    """With no grace at all: only the locks are between them."""
    wheels = [
        make_wheel("demo-pkg", f"2.{number % 3}", files={"a.py": "A"}) for number in range(12)
    ]
    done = False

    def sweep_on() -> None:
        while not done:
            list(sweeper_of(both).sweep("test", timedelta(0)))

    sweepers = [start(SWEEP, sweep_on) for _ in range(2)]
    try:
        for filename, content in wheels:
            both.upload(filename, content, key)
            assert_served(both, (filename, content), key)
            unpublish(both, filename)
    finally:
        done = True
        for worker in sweepers:
            worker.result()

    assert_served(both, SDIST, key)
    assert [finding for finding in findings(both) if finding.is_damage] == []
