"""The list of a filtered view has what its pages have, whoever works it out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from stockroom.db import Database
from stockroom.feed import Feed
from stockroom.manage.places import Places
from stockroom.resolution import Listing, Resolution, Resolver, ViewFilters, queries
from stockroom.resolution.rules import Question, resolve
from stockroom.resources import Directory, Groups, Member, ViewRow
from tests.support.databases import MakeUrl
from tests.support.facts import opened
from tests.support.filtering import LANGUAGE
from tests.support.statements import watched
from tests.support.stock import Stocked, stock

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
REGISTRIES = ("main", "other")
SHAPES = {
    "old": [Stocked("1.0", NOW - 50 * DAY)],
    "new": [Stocked("1.0", NOW - DAY)],
    "both": [Stocked("1.0", NOW - 50 * DAY), Stocked("2.0", NOW - DAY)],
    "sdist": [Stocked("1.0", NOW - 50 * DAY, sdist=True)],
    "mixed": [Stocked("1.0", NOW - 50 * DAY, sdist=True), Stocked("1.0", NOW - 6 * DAY)],
    "none": [],
    "absent": None,
}
TEXTS = (
    None,
    '".whl" in file.name',
    "file.age_days >= 7",
    "file.age_days < 7",
    "release.age_days >= 7 and package.age_days < 60",
    'release.version != "1.0"',
    'release.version == "1.0" and file.age_days >= 7',
    'package.name in ["old-new", "new-old"] or ".whl" in file.name',
    'package.upload_time <= "2026-01-31"',
    "package.downloads >= 1",
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Two registries with every pair of shapes as a package of its own."""
    make: MakeUrl = request.getfixturevalue(f"make_{request.param}")
    with opened(make()) as made:
        with made.transaction() as session:
            Places(session, "test").create_registry("acme", "other")
        with made.transaction() as session:
            for at, registry in enumerate(REGISTRIES):
                packages = {
                    f"{one}-{other}": files
                    for one in SHAPES
                    for other in SHAPES
                    if (files := SHAPES[(one, other)[at]]) is not None
                }
                stock(session, f"acme/{registry}", packages)
        yield made


class World:
    """What the registries hold, with a list and pages made of it at any time."""

    def __init__(self, database: Database) -> None:
        self.feed = Feed(database)
        filters = ViewFilters(LANGUAGE, Directory(database, self.feed))
        self.now = NOW
        self.database = database
        self.resolver = Resolver(database, filters, lambda: self.now)
        names = [f"{one}-{other}" for one in SHAPES for other in SHAPES]
        with database.read() as connection:
            self.held = queries.holdings(connection, (1, 2), names)

    def listing(self, groups: Groups, at: datetime | None) -> Listing:
        return self.resolver.listing(ViewRow(1, "prod", 1, groups, None, ()), at)

    def pages(self, groups: Groups, at: datetime | None) -> list[Resolution]:
        texts = {member.filter for group in groups for member in group if member.filter}
        filters = {text: LANGUAGE.parse(text) for text in texts}
        found = [
            resolve(Question(name, groups, filters, lambda _: {}, self.now, at), held)
            for name, held in self.held.items()
        ]
        return [page for page in found if page.winner is not None]


@pytest.fixture(scope="module")
def world(database: Database) -> Iterator[World]:
    made = World(database)
    yield made
    made.feed.close()


def is_listed(page: Resolution) -> bool:
    """As the documentation says it."""
    fates = {seen.fate.value for seen in page.files}
    asked = page.groups[page.winner or 0].registries
    by_name = any(one.has and one.by_name for one in asked)
    return by_name or "shown" in fates or "filtered" not in fates


@pytest.mark.parametrize("second", [None, *TEXTS[1:7:2]])
@pytest.mark.parametrize("at", [None, NOW - 20 * DAY, NOW + DAY], ids=["now", "past", "future"])
def test_the_list_has_what_the_pages_have_until_it_changes(
    world: World, second: str | None, at: datetime | None
) -> None:
    for first in TEXTS:
        one, two = Member(1, first), Member(2, second)
        for groups in (((one, two),), ((one,), (two,))):
            world.now = NOW
            pages = world.pages(groups, at)
            instants = sorted({page.changes_at for page in pages if page.changes_at})

            found = world.listing(groups, at)

            names = [name for name, _ in found.names]
            assert names == sorted(page.name for page in pages if is_listed(page))
            for instant in instants:
                if found.changes_at is None or instant < found.changes_at:
                    world.now = instant
                    later = world.pages(groups, at)
                    assert names == sorted(page.name for page in later if is_listed(page))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The packages; the filter; those that time is about to change.
        ('".whl" in file.name', 2),
        ("release.age_days >= 7 and package.age_days < 60", 3),
        # The packages; the filter; those that the database cannot judge; facts.
        ('release.version == "1.0"', 3),
        ("package.downloads >= 1", 4),
        ('package.name != "old-old"', 1),
    ],
)
def test_files_are_read_only_where_the_database_cannot_tell(
    world: World, text: str, expected: int
) -> None:
    world.now = NOW
    statements: list[str] = []

    with watched(world.database.engine, before=statements.append):
        world.listing(((Member(1, text),),), None)

    assert len(statements) == expected
    assert sum("metadata_sha256" in statement for statement in statements) == (expected > 2)
