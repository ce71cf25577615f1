"""Facts as they are kept and read, and the events that tell of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select

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
from stockroom.models import AdvisoryRecord, JobRun, Package, Registry
from stockroom.spi import Advisory, FactDocument
from tests.support.site import TestSite
from tests.support.statements import watched

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def keep(site: TestSite, source: str = "osv", **told: dict[str, object] | None) -> list[str]:
    """Keep documents; underscores in names stand for hyphens."""
    facts = [FactDocument(name.replace("_", "-"), document) for name, document in told.items()]
    with site.database.transaction() as session:
        return keep_documents(session, source, facts)


def succeed(database: Database, source: str) -> None:
    """Let the source have had a success."""
    with database.transaction() as session:
        session.add(JobRun(name=f"facts.{source}", due_at=NOW, succeeded_at=NOW))


def hold(site: TestSite, *names: str) -> None:
    """Have acme/main hold packages without files."""
    with site.database.transaction() as session:
        registry_id = session.scalars(select(Registry.id)).first()
        rows = [
            {"registry_id": registry_id, "name": name, "display_name": name, "created_at": NOW}
            for name in names
        ]
        session.execute(insert(Package), rows)


def read(site: TestSite, sources: list[str], packages: list[str]) -> Any:
    with site.database.read() as connection:
        return documents(connection, sources, packages)


def test_documents_are_told_by_package_and_source_in_one_statement(both: TestSite) -> None:
    keep(both, "osv", demo={"n": [1, "ü\0"]}, other={"n": 2})
    keep(both, "downloads", demo={"d": 3})
    succeed(both.database, "osv")

    statements: list[str] = []
    with watched(both.database.engine, before=statements.append):
        found = read(both, ["osv", "downloads"], ["demo", "none"])

    assert found == {
        "demo": {"osv": {"n": [1, "ü\0"]}, "downloads": {"d": 3}},
        "none": {"osv": {}},
    }
    assert len(statements) == 1


def test_any_number_of_packages_can_be_asked_for(both: TestSite) -> None:
    keep(both, demo={"n": 1})

    found = read(both, ["osv"], ["demo", *(f"p-{number}" for number in range(70_000))])

    assert found["demo"] == {"osv": {"n": 1}}
    assert len(found) == 70_001


def test_without_sources_nothing_is_asked(site: TestSite) -> None:
    statements: list[str] = []
    with watched(site.database.engine, before=statements.append):
        found = read(site, [], ["demo"])

    assert found == {"demo": {}}
    assert not statements


def test_what_is_told_again_is_no_change(both: TestSite) -> None:
    assert keep(both, demo={"a": 1, "b": 2}, other={}) == ["demo", "other"]

    assert keep(both, demo={"b": 2, "a": 1}, other={"c": 3}) == ["other"]

    assert read(both, ["osv"], ["demo", "other"]) == {
        "demo": {"osv": {"a": 1, "b": 2}},
        "other": {"osv": {"c": 3}},
    }


def test_none_forgets(both: TestSite) -> None:
    keep(both, demo={"a": 1})

    assert keep(both, demo=None, other=None) == ["demo"]

    assert read(both, ["osv"], ["demo"]) == {"demo": {}}


def test_the_feed_tells_of_packages_that_a_registry_has(both: TestSite) -> None:
    hold(both, "demo", "gone", "same")
    keep(both, gone={"a": 1}, same={"a": 1})
    feed, heard = both.service(Feed), list[Change]()
    feed.check()
    feed.subscribe(heard.extend)

    keep(both, demo={"a": 2}, gone=None, same={"a": 1}, absent={"a": 1})
    keep(both, absent={"a": 2})
    with both.database.transaction() as session:
        announce_ready(session, "osv")
    feed.pull()

    told = [(change.kind, change.source, change.packages) for change in heard]
    assert told == [
        ("facts.changed", "osv", ("demo", "gone")),
        ("facts.ready", "osv", ()),
    ]


def test_other_events_carry_no_facts(site: TestSite) -> None:
    feed, heard = site.service(Feed), list[Change]()
    feed.subscribe(heard.extend)

    site.create_workspace("other")
    feed.check()

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
    site: TestSite, name: str, document: dict[str, object], reason: str
) -> None:
    with site.database.transaction() as session, pytest.raises(FactRefused) as refused:
        keep_documents(session, "osv", [FactDocument(name, document)])

    assert str(refused.value).startswith(reason)


def test_advisories_are_replaced_and_forgotten(both: TestSite) -> None:
    def tell(*told: Advisory) -> None:
        with both.database.transaction() as session:
            keep_advisories(session, "osv", told)

    tell(Advisory("A-1", NOW, {"id": "A-1"}), Advisory("A-2", NOW, {"id": "A-2"}))
    tell(Advisory("A-1", NOW, {"id": "A-1", "x": 1}), Advisory("A-2", NOW, None))

    with both.database.reading() as session:
        kept = {row.id: row.record for row in session.scalars(select(AdvisoryRecord))}
    assert kept == {"A-1": {"id": "A-1", "x": 1}}


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "a\0"])
def test_an_advisory_needs_an_id_that_fits_into_a_url(site: TestSite, key: str) -> None:
    with site.database.transaction() as session, pytest.raises(FactRefused):
        keep_advisories(session, "osv", [Advisory(key, NOW, {})])
