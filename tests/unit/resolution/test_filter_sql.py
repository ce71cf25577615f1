"""Filters as SQL: what they say of real rows, compared with what the language says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, create_engine, select

from stockroom.db import UTCDateTime
from stockroom.filters import Filter
from stockroom.resolution.filter_sql import FilterColumns, is_exact, may_show
from stockroom.spi import FilterFile, FilterPackage
from tests.support.conditions import CORE, Node, conditions, packages, text_of
from tests.support.filtering import LANGUAGE, NOW, package, release, sdist, wheel

ROWS = Table(
    "rows",
    MetaData(),
    Column("number", Integer),
    Column("name", String(255)),
    Column("package_time", UTCDateTime()),
    Column("release_time", UTCDateTime()),
    Column("filename", String(255)),
    Column("file_time", UTCDateTime()),
    prefixes=["TEMPORARY"],
)
COLUMNS = FilterColumns(
    package_name=ROWS.c.name,
    package_upload_time=ROWS.c.package_time,
    release_upload_time=ROWS.c.release_time,
    filename=ROWS.c.filename,
    file_upload_time=ROWS.c.file_time,
)
EXACT = [name for name in CORE if name != "release.version"]


@pytest.fixture(scope="module")
def memory() -> Iterator[Engine]:
    engine = create_engine("sqlite://")
    yield engine
    engine.dispose()


def selected(
    engine: Engine, rule: Filter, of: FilterPackage, files: Sequence[FilterFile]
) -> list[bool]:
    """Which of the files the database finds by the filter's condition."""
    values = [
        (number, of.name, of.upload_time, file.release.upload_time, file.filename, file.upload_time)
        for number, file in enumerate(files)
    ]
    with engine.connect() as connection:
        ROWS.create(connection, checkfirst=True)
        connection.execute(ROWS.delete())
        if values:
            connection.execute(ROWS.insert().values(values))
        found = set(connection.scalars(select(ROWS.c.number).where(may_show(rule, COLUMNS, NOW))))
    return [number in found for number in range(len(files))]


@settings(max_examples=80, deadline=None)
@given(conditions(EXACT), packages())
def test_what_the_database_knows_it_says_exactly(
    memory: Engine, condition: Node, given_: tuple[FilterPackage, list[FilterFile]]
) -> None:
    rule = LANGUAGE.parse(text_of(condition))

    assert is_exact(rule)
    assert selected(memory, rule, *given_) == list(rule.judge(*given_, NOW).shown)


@settings(max_examples=80, deadline=None)
@given(conditions(), packages())
def test_no_file_is_missed_for_what_the_database_does_not_know(
    memory: Engine, condition: Node, given_: tuple[FilterPackage, list[FilterFile]]
) -> None:
    rule = LANGUAGE.parse(text_of(condition))

    found = selected(memory, rule, *given_)

    shown = rule.judge(*given_, NOW).shown
    assert [may for may, does in zip(found, shown, strict=True) if does] == [True] * sum(shown)


RULES = [
    ('package.name == "Demo"', True, [True, True]),
    ('"DEM" in package.name and package.name not in ["x"]', True, [True, True]),
    ('".whl" in file.name', True, [True, False]),
    ('".WHL" in file.name', True, [False, False]),
    ("package.name in file.name", True, [True, True]),
    ("file.age_days >= 7", True, [True, False]),
    ("file.age_days < 7", True, [False, True]),
    ("file.age_days < 3000000 and release.age_days > -3000000", True, [True, True]),
    ("file.upload_time == release.upload_time", True, [True, False]),
    ('release.upload_time < "2026-02-25"', True, [True, True]),
    ("package.age_days >= 0", True, [False, False]),
    ("not package.age_days >= 3000000", True, [False, False]),
    ("False or True", True, [True, True]),
    ("not False", True, [True, True]),
    ("not (True and file.age_days < 7)", True, [True, False]),
    ('release.version == "7" and ".whl" in file.name', False, [True, False]),
    ('not (release.version == "7" or ".whl" in file.name)', False, [False, True]),
    ("file.signed and length(file.name) > 99", False, [True, True]),
]


def found_by(engine: Engine, text: str) -> list[bool]:
    """Which of a wheel of seven days and an archive of one the database finds."""
    of = release(age=7)
    return selected(engine, LANGUAGE.parse(text), package(age=None), [wheel(of), sdist(of, age=1)])


@pytest.mark.parametrize(("text", "exact", "expected"), RULES)
def test_rows_of_a_filter(memory: Engine, text: str, exact: bool, expected: list[bool]) -> None:
    assert found_by(memory, text) == expected
    assert is_exact(LANGUAGE.parse(text)) is exact


def test_rows_of_a_filter_on_postgresql(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)

    found = [found_by(engine, text) for text, _, _ in RULES]

    engine.dispose()
    assert found == [expected for _, _, expected in RULES]
