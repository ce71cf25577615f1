"""Facts as they are kept and read, and the events that tell of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from stockroom.db import Database
from stockroom.feed import Change, Feed
from stockroom.insight.keeping import (
    MAX_BYTES,
    FactRefused,
    announce_ready,
    keep_advisories,
    keep_documents,
)
from stockroom.insight.queries import documents
from stockroom.manage.places import Places
from stockroom.models import AdvisoryRecord, JobRun
from stockroom.spi import Advisory, FactDocument
from tests.support.facts import hold, opened
from tests.support.statements import watched

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with opened(database_url) as made:
        yield made


def keep(database: Database, source: str = "osv", **told: dict[str, object] | None) -> list[str]:
    """Keep documents; underscores in names stand for hyphens."""
    facts = [FactDocument(name.replace("_", "-"), document) for name, document in told.items()]
    with database.transaction() as session:
        return list(keep_documents(session, source, facts).names)


def succeed(database: Database, source: str) -> None:
    """Let the source have had a success."""
    with database.transaction() as session:
        session.add(JobRun(name=f"facts.{source}", due_at=NOW, succeeded_at=NOW))


def read(database: Database, sources: list[str], packages: list[str]) -> Any:
    with database.read() as connection:
        return documents(connection, sources, packages)


def test_documents_are_told_by_package_and_source_in_one_statement(database: Database) -> None:
    keep(database, "osv", demo={"n": [1, "ü\0\ud800"]}, other={"n": 2})
    keep(database, "downloads", demo={"d": 3})
    succeed(database, "osv")

    statements: list[str] = []
    with watched(database.engine, before=statements.append):
        found = read(database, ["osv", "downloads"], ["demo", "none"])

    assert found == {
        "demo": {"osv": {"n": [1, "ü\0\ud800"]}, "downloads": {"d": 3}},
        "none": {"osv": {}},
    }
    assert len(statements) == 1


def test_any_number_of_packages_can_be_asked_for(database: Database) -> None:
    keep(database, demo={"n": 1})

    found = read(database, ["osv"], ["demo", *(f"p-{number}" for number in range(70_000))])

    assert found["demo"] == {"osv": {"n": 1}}
    assert len(found) == 70_001


def test_without_sources_nothing_is_asked(database: Database) -> None:
    statements: list[str] = []
    with watched(database.engine, before=statements.append):
        found = read(database, [], ["demo"])

    assert found == {"demo": {}}
    assert not statements


def test_what_is_told_again_is_no_change(database: Database) -> None:
    assert keep(database, demo={"a": 1, "b": 2}, other={}) == ["demo", "other"]

    assert keep(database, demo={"b": 2, "a": 1}, other={"c": 3}) == ["other"]

    assert read(database, ["osv"], ["demo", "other"]) == {
        "demo": {"osv": {"a": 1, "b": 2}},
        "other": {"osv": {"c": 3}},
    }


def test_none_forgets(database: Database) -> None:
    keep(database, demo={"a": 1})

    assert keep(database, demo=None, other=None) == ["demo"]

    assert read(database, ["osv"], ["demo"]) == {"demo": {}}


def test_the_feed_tells_of_packages_that_a_registry_has(database: Database) -> None:
    hold(database, "demo", "gone", "same")
    keep(database, gone={"a": 1}, same={"a": 1})
    feed, heard = Feed(database), list[Change]()
    feed.check()
    feed.subscribe(heard.extend)

    keep(database, demo={"a": 2}, gone=None, same={"a": 1}, absent={"a": 1})
    keep(database, absent={"a": 2})
    with database.transaction() as session:
        announce_ready(session, "osv")
    feed.pull()
    feed.close()

    told = [(change.kind, change.source, change.packages) for change in heard]
    assert told == [
        ("facts.changed", "osv", ("demo", "gone")),
        ("facts.ready", "osv", ()),
    ]


def test_other_events_carry_no_facts(database: Database) -> None:
    feed, heard = Feed(database), list[Change]()
    feed.subscribe(heard.extend)

    hold(database, "demo")
    with database.transaction() as session:
        Places(session, "test").create_workspace("other")
    feed.pull()
    feed.close()

    assert {(change.source, change.packages) for change in heard} == {(None, ())}


@pytest.mark.parametrize(
    ("name", "document", "reason"),
    [
        ("a b", {}, "'a b' cannot be the name of a package."),
        ("demo", {"x": float("nan")}, "What is told of demo is no JSON"),
        ("demo", {"x": object()}, "What is told of demo is no JSON"),
        ("demo", {"x": "y" * MAX_BYTES}, "What is told of demo has 1,000,008 bytes as JSON"),
    ],
    ids=["name", "not a number", "object", "long"],
)
def test_what_cannot_be_kept_is_refused(
    database: Database, name: str, document: dict[str, object], reason: str
) -> None:
    with database.transaction() as session, pytest.raises(FactRefused) as refused:
        keep_documents(session, "osv", [FactDocument(name, document)])

    assert str(refused.value).startswith(reason)


def test_advisories_are_replaced_and_forgotten(database: Database) -> None:
    def tell(*told: Advisory) -> None:
        with database.transaction() as session:
            keep_advisories(session, "osv", told)

    tell(Advisory("A-1", NOW, {"id": "A-1"}), Advisory("A-2", NOW, {"id": "A-2"}))
    tell(Advisory("A-1", NOW, {"id": "A-1", "x": 1}), Advisory("A-2", NOW, None))

    with database.reading() as session:
        kept = {row.id: row.record for row in session.scalars(select(AdvisoryRecord))}
    assert kept == {"A-1": {"id": "A-1", "x": 1}}


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "a\0"])
def test_an_advisory_needs_an_id_that_fits_into_a_url(database: Database, key: str) -> None:
    with database.transaction() as session, pytest.raises(FactRefused):
        keep_advisories(session, "osv", [Advisory(key, NOW, {})])
