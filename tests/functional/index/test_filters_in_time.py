"""What is kept of a view ends when time or a fact changes it, and not before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stockroom.feed import Feed
from stockroom.index.files import Files
from stockroom.index.negotiation import Coding, Representation
from stockroom.index.pages import Pages
from stockroom.index.shelf import Shelf
from stockroom.insight.keeping import announce_ready, keep_documents
from stockroom.models import JobRun
from stockroom.resolution import Resolver
from stockroom.resolution.moments import ViewAt
from stockroom.resolution.problems import HiddenByFilter
from stockroom.resources import Directory
from stockroom.settings import Settings
from stockroom.spi import FactDocument
from tests.conftest import MakeSite
from tests.support.distributions import SitePackages
from tests.support.site import JSON, TestSite
from tests.support.stock import Stocked, define_view, stock

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PLUGIN = """
from stockroom.hookspecs import hookimpl
from stockroom.spi import FilterField, ValueType


def stars(package, items):
    return [item.documents["stars"].get("stars", 0) if "stars" in item.documents else None
            for item in items]


@hookimpl
def stockroom_filter_fields():
    return [FilterField("package.stars", ValueType.NUMBER, "Stars.", stars, source="stars")]
"""


class Reader:
    """The read path of a site with a clock of its own: the view acme/prod as clients see it."""

    def __init__(self, site: TestSite, cache_control: str = "private, max-age=86400") -> None:
        self.now = START
        self.site = site
        directory, feed = site.service(Directory), site.service(Feed)
        filters = site.service(Resolver).filters
        resolver = Resolver(site.database, filters, self.clock)
        shelf = Shelf(10**7, feed, directory, filters, self.clock)
        settings = read_with(site, cache_control)
        self.pages = Pages(resolver, shelf, directory, settings, self.clock)
        self.files = Files(resolver, directory, NoStorage(), shelf)  # type: ignore[arg-type]

    def clock(self) -> datetime:
        return self.now

    @property
    def view(self) -> ViewAt:
        self.site.service(Feed).check()
        workspace = self.site.service(Directory).snapshot().workspaces["acme"]
        return ViewAt("acme", workspace.views["prod"], None)

    def page(self, package: str = "demo") -> str:
        """The names of the files on the page, and for how long it may be kept."""
        page = self.pages.project(self.view, package, Representation.JSON, Coding.IDENTITY)
        return page.body.decode()

    def shown(self, package: str = "demo") -> int:
        """How many files the page has."""
        return self.page(package).count('"filename"')

    def listed(self) -> int:
        """How many packages are listed."""
        page = self.pages.listing(self.view, Representation.JSON, Coding.IDENTITY)
        return page.body.decode().count('"name"')

    def lifetime(self, path: str = "demo", if_none_match: str = "") -> str:
        """Cache-Control of the page, or of the list."""
        form = (Representation.JSON, Coding.IDENTITY)
        page = (
            self.pages.project(self.view, path, *form)
            if path
            else self.pages.listing(self.view, *form)
        )
        return page.answer(if_none_match).headers["cache-control"]

    def queries(self) -> int:
        """How many statements the page and the list take."""
        view = self.view
        with self.site.count_queries() as statements:
            self.pages.project(view, "demo", Representation.JSON, Coding.IDENTITY)
            self.pages.listing(view, Representation.JSON, Coding.IDENTITY)
        return len(statements)

    def gets(self, file: Stocked) -> bool:
        """Whether a file of demo is served."""
        try:
            sha256 = file.sha256("demo", "acme/main")
            self.files.find(self.view, "demo", sha256, file.filename("demo"))
        except HiddenByFilter:
            return False
        return True


class NoStorage:
    """No bytes are asked for here."""


def read_with(site: TestSite, cache_control: str) -> Settings:
    return replace(site.service(Settings), index_cache_control=cache_control)


def furnish(site: TestSite, filter_: str | None, *files: Stocked, **others: list[Stocked]) -> None:
    """acme/main with demo of these files, through acme/prod with the filter."""
    with site.database.transaction() as session:
        stock(session, "acme/main", {"demo": files, **others})
        define_view(session, "acme/prod", [("acme/main", filter_)])


YOUNG = Stocked("1.0", START - 5 * DAY)
YOUNGER = Stocked("2.0", START - 1 * DAY)
OLD = Stocked("0.1", START - 99 * DAY)


def test_a_file_appears_at_its_instant(site: TestSite) -> None:
    furnish(site, "file.age_days >= 7", YOUNG, YOUNGER)
    reader = Reader(site)
    seen = []

    for moment in (0 * DAY, 2 * DAY - timedelta(microseconds=1), 2 * DAY, 6 * DAY):
        reader.now = START + moment
        seen.append((reader.shown(), reader.listed(), reader.gets(YOUNG), reader.gets(YOUNGER)))

    assert seen == [
        (0, 0, False, False),
        (0, 0, False, False),
        (1, 1, True, False),
        (2, 1, True, True),
    ]


def test_a_file_disappears_at_its_instant(site: TestSite) -> None:
    furnish(site, "file.age_days < 7", YOUNG)
    reader = Reader(site)
    before = reader.shown(), reader.listed(), reader.gets(YOUNG)

    reader.now += 2 * DAY

    assert before == (1, 1, True)
    assert (reader.shown(), reader.listed(), reader.gets(YOUNG)) == (0, 0, False)


def test_until_that_instant_nothing_is_asked_for_again(site: TestSite) -> None:
    furnish(site, "file.age_days >= 7", OLD, YOUNG)
    reader = Reader(site)
    reader.page()
    reader.listed()

    reader.now += 2 * DAY - timedelta(microseconds=1)
    before = reader.queries()
    reader.now += timedelta(microseconds=1)
    at = reader.queries()
    reader.now += 999 * DAY
    after = reader.queries()

    assert (before, after) == (0, 0)
    assert at > 1


@pytest.mark.parametrize("path", ["demo", ""])
def test_s71_no_client_keeps_a_page_beyond_its_next_change(site: TestSite, path: str) -> None:
    furnish(site, "file.age_days >= 7", OLD, YOUNG)
    reader = Reader(site, "private, max-age=86400, stale-while-revalidate=60")
    lifetimes = []

    for hours in (0, 24, 30, 47.9999, 48):
        reader.now = START + timedelta(hours=hours)
        lifetimes.append(reader.lifetime(path))

    assert lifetimes == [
        "private, max-age=86400, stale-while-revalidate=0",
        "private, max-age=86400, stale-while-revalidate=0",
        "private, max-age=64800, stale-while-revalidate=0",
        "private, max-age=0, stale-while-revalidate=0",
        "private, max-age=86400, stale-while-revalidate=60",
    ]


def test_s71_a_304_does_not_lengthen_it_either(site: TestSite) -> None:
    furnish(site, "file.age_days >= 7", YOUNG)
    reader = Reader(site)
    page = reader.pages.project(reader.view, "demo", Representation.JSON, Coding.IDENTITY)
    reader.now += 2 * DAY - timedelta(seconds=5)

    answer = page.answer(page.etag)

    assert (answer.status[:3], answer.headers["cache-control"]) == ("304", "private, max-age=5")


@pytest.mark.parametrize(
    "configured", ["private, max-age=0, must-revalidate", "no-store", "private, no-cache"]
)
def test_what_clients_do_not_keep_needs_no_bound(site: TestSite, configured: str) -> None:
    furnish(site, "file.age_days >= 7", YOUNG)

    assert Reader(site, configured).lifetime() == configured


@pytest.fixture
def stars(make_site: MakeSite, sqlite_url: str, site_packages: SitePackages) -> TestSite:
    """A site with a field that reads facts."""
    site_packages.install("acme-stars", plugin="stars", code=PLUGIN)
    made = make_site(sqlite_url, **{"stockroom.plugins": "stars"})
    made.create_workspace(visibility="public")
    return made


def tell(site: TestSite, source: str = "stars", **facts: dict[str, Any] | None) -> None:
    with site.database.transaction() as session:
        keep_documents(session, source, [FactDocument(*fact) for fact in facts.items()])


def succeed(site: TestSite) -> None:
    """The first refresh of the source is through."""
    with site.database.transaction() as session:
        session.add(JobRun(name="facts.stars", succeeded_at=START, due_at=START))
        announce_ready(session, "stars")


def test_a_fact_changes_exactly_the_pages_that_it_concerns(stars: TestSite) -> None:
    furnish(stars, "package.stars >= 5", OLD, other=[OLD])
    with stars.database.transaction() as session:
        define_view(session, "acme/plain", [("acme/main", None)])
    tell(stars, demo={"stars": 1}, other={"stars": 9})
    paths = [f"/simple/acme/{path}" for path in ("prod/other/", "plain/demo/", "plain/")]
    ages = [f"/simple/acme/prod/{path}" for path in ("", "demo/")]
    before = [stars.get(path, accept=JSON).body for path in paths + ages]

    tell(stars, demo={"stars": 6})
    stars.service(Feed).check()

    with stars.count_queries() as statements:
        same = [stars.get(path, accept=JSON).body for path in paths]
    assert (statements, same) == ([], before[:3])
    assert all(
        stars.get(path, accept=JSON).body != old for path, old in zip(ages, before[3:], strict=True)
    )


def test_a_fact_of_another_source_changes_nothing(stars: TestSite) -> None:
    furnish(stars, "package.stars >= 5", OLD)
    reader = Reader(stars)
    reader.queries()

    tell(stars, "downloads", demo={"stars": 6})

    assert reader.queries() == 0


def test_what_is_unknown_is_hidden_until_the_source_has_told_everything(stars: TestSite) -> None:
    furnish(stars, "package.stars < 5", OLD)
    reader = Reader(stars)
    before = reader.shown(), reader.listed(), reader.gets(OLD)

    succeed(stars)

    assert before == (0, 0, False)
    assert (reader.shown(), reader.listed(), reader.gets(OLD)) == (1, 1, True)


def test_a_file_is_refused_as_soon_as_a_fact_hides_it(stars: TestSite) -> None:
    furnish(stars, "package.stars < 5", OLD)
    succeed(stars)
    reader = Reader(stars)
    before = reader.gets(OLD)

    tell(stars, demo={"stars": 6})

    assert (before, reader.gets(OLD)) == (True, False)


def test_the_past_is_not_immutable_where_facts_are_read(stars: TestSite) -> None:
    furnish(stars, "package.stars < 5", OLD)
    succeed(stars)

    for path in ("", "demo/"):
        headers = stars.get(f"/simple/acme/prod@2026-02-01/{path}").headers
        assert "immutable" not in headers["Cache-Control"]


def test_facts_take_one_more_query_and_none_when_warm(stars: TestSite) -> None:
    furnish(stars, "package.stars >= 5 and package.age_days > 3", OLD)
    reader = Reader(stars)
    view = reader.view

    with stars.count_queries() as statements:
        reader.pages.project(view, "demo", Representation.JSON, Coding.IDENTITY)
    assert len(statements) == 2
    reader.listed()
    assert reader.queries() == 0
