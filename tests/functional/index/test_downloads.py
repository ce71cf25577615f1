"""Which requests count as downloads, and how their day gets into the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from stockroom.feed import Feed
from stockroom.index import downloads
from stockroom.index.downloads import Downloads
from stockroom.models import Event, File, Package
from tests.archives import make_sdist, make_wheel
from tests.conftest import MakeSite
from tests.support.site import TestSite
from tests.support.waiting import Worker, wait_until

WHEEL = make_wheel("demo-pkg", "1.0")
SDIST = make_sdist("demo-pkg", "1.0")
NOON = datetime(2026, 5, 31, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Downloads are written when a test says so."""
    monkeypatch.setattr(downloads, "WRITE_SECONDS", 600.0)


@pytest.fixture
def url(both: TestSite) -> str:
    """The path of a wheel in a public workspace, beside which there is an sdist."""
    return publish(both)


def publish(site: TestSite) -> str:
    site.create_workspace("yard", "public")
    key = site.create_key("writer", "*")
    for file in (WHEEL, SDIST):
        site.upload(*file, key, to="yard/main")
    return site.file_url("demo-pkg", WHEEL[0], key, index="yard/main")


def days(site: TestSite) -> dict[str, datetime]:
    """The files that were downloaded, with the day."""
    query = select(File.filename, File.downloaded_at).where(File.downloaded_at.is_not(None))
    with site.database.read() as connection:
        return {name: day for name, day in connection.execute(query) if day is not None}


def state_of(site: TestSite) -> list[int | None]:
    """The newest event, and the serial of the package."""
    with site.database.read() as connection:
        queries = select(func.max(Event.id)), select(Package.serial)
        return [connection.execute(query).scalar_one() for query in queries]


def written(site: TestSite) -> list[str]:
    """The files that were downloaded, as known once all is written."""
    site.service(Downloads).write()
    return list(days(site))


def test_a_download_is_noted_to_the_day(both: TestSite, url: str) -> None:
    both.get(url)

    assert written(both) == [WHEEL[0]]
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    assert days(both)[WHEEL[0]] == today


@pytest.mark.parametrize("ranges", ["bytes=0-9", "bytes=-10", "bytes=0-0,5-9"])
def test_a_part_is_a_download(site: TestSite, ranges: str) -> None:
    site.get(publish(site), range=ranges, status=206)

    assert written(site) == [WHEEL[0]]


NO_DOWNLOADS: dict[str, Callable[[TestSite, str], Any]] = {
    "head": lambda site, url: site.app.head(url),
    "metadata": lambda site, url: site.get(f"{url}.metadata"),
    "304": lambda site, url: site.get(url, if_none_match="*", status=304),
    "412": lambda site, url: site.get(url, if_match='"x"', status=412),
    "416": lambda site, url: site.get(url, range="bytes=999999-", status=416),
    "404": lambda site, url: site.get(url.replace("-1.0-", "-2.0-"), status=404),
    "page": lambda site, url: site.get("/simple/yard/main/demo-pkg/"),
}


@pytest.mark.parametrize("name", NO_DOWNLOADS)
def test_what_gives_no_bytes_of_the_file_is_no_download(site: TestSite, name: str) -> None:
    url = publish(site)

    NO_DOWNLOADS[name](site, url)

    assert written(site) == []


def test_nginx_sends_a_download(make_site: MakeSite, sqlite_url: str) -> None:
    site = make_site(sqlite_url, **{"stockroom.x_accel_redirect": "/files"})
    url = publish(site)

    answer = site.get(url)

    assert "X-Accel-Redirect" in answer.headers
    assert written(site) == [WHEEL[0]]


def test_it_is_no_change_of_the_package(both: TestSite, url: str) -> None:
    before = state_of(both)
    etag = both.get("/simple/yard/main/demo-pkg/").headers["ETag"]

    both.get(url)

    assert written(both) == [WHEEL[0]]
    assert state_of(both) == before
    both.get("/simple/yard/main/demo-pkg/", if_none_match=etag, status=304)


def test_each_file_is_written_at_most_once_a_day(both: TestSite, url: str) -> None:
    both.get(url)
    written(both)

    both.get(url)
    with both.count_queries() as statements:
        both.service(Downloads).write()

    assert statements == []


@pytest.fixture
def service(both: TestSite) -> Iterator[tuple[Downloads, list[datetime]]]:
    """Downloads of its own over the site's database, with a clock to set."""
    clock = [NOON]
    made = Downloads(both.database, both.service(Feed), lambda: clock[0])
    yield made, clock
    made.close()


def file_id(site: TestSite, filename: str) -> int:
    with site.database.read() as connection:
        return connection.execute(select(File.id).where(File.filename == filename)).scalar_one()


def test_the_next_day_is_written_and_an_earlier_one_is_not(
    both: TestSite, url: str, service: tuple[Downloads, list[datetime]]
) -> None:
    noting, clock = service
    number = file_id(both, WHEEL[0])
    found = []

    for shift in (0, 1, 0):
        clock[0] = NOON + timedelta(days=shift)
        noting.note(number)
        noting.write()
        found.append(days(both)[WHEEL[0]].day)

    # The third is what a node with a slow clock, or one that was cut off, has to tell.
    assert found == [31, 1, 1]


def test_a_file_that_is_gone_meanwhile_does_no_harm(
    both: TestSite, url: str, service: tuple[Downloads, list[datetime]]
) -> None:
    noting, _ = service

    for number in (file_id(both, WHEEL[0]), 999_999, file_id(both, SDIST[0])):
        noting.note(number)
    noting.write()

    assert set(days(both)) == {WHEEL[0], SDIST[0]}


def test_more_files_than_one_statement_takes(
    both: TestSite,
    url: str,
    service: tuple[Downloads, list[datetime]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(downloads, "BATCH", 1)
    noting, _ = service

    for filename in (WHEEL[0], SDIST[0]):
        noting.note(file_id(both, filename))
    noting.write()

    assert set(days(both)) == {WHEEL[0], SDIST[0]}


def test_what_is_left_is_written_at_the_end(make_site: MakeSite, database_url: str) -> None:
    first = make_site(database_url)
    url = publish(first)
    first.get(url)

    first.close()

    assert set(days(make_site(database_url))) == {WHEEL[0]}


def test_a_thread_writes_it_after_some_seconds(both: TestSite, url: str) -> None:
    both.service(Downloads).batches.seconds = 0.01

    both.get(url)

    wait_until(lambda: set(days(both)) == {WHEEL[0]})


def test_a_locked_row_is_left_for_later_and_nobody_waits(
    make_site: MakeSite, postgresql_url: str
) -> None:
    site = make_site(postgresql_url)
    url = publish(site)
    site.get(url)

    with site.database.transaction() as session:
        session.execute(select(File).where(File.filename == WHEEL[0]).with_for_update()).one()
        Worker(lambda: site.service(Downloads).write()).result()
        assert days(site) == {}

    assert written(site) == [WHEEL[0]]


def test_what_cannot_be_written_is_kept(
    site: TestSite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    url = publish(site)
    site.get(url)
    noting = site.service(Downloads)

    with monkeypatch.context() as broken:
        broken.setattr(site.database, "read", _fail)
        noting.write()

    assert "could not note downloads" in caplog.text
    assert written(site) == [WHEEL[0]]


def test_memory_is_bounded(site: TestSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MOST_REMEMBERED", 10)
    noting = Downloads(site.database, site.service(Feed))

    for number in range(100):
        noting.note(number)

    assert len(noting._known) <= 10
    noting.close()


def _fail() -> Any:
    raise OperationalError("SELECT", {}, Exception("gone"))
