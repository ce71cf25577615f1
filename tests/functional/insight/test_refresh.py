"""Refreshes: what a source tells is kept while it tells, and what it raises ends that only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from stockroom.db import Database
from stockroom.insight import queries
from stockroom.insight.queries import documents
from stockroom.insight.refresh import BATCH, MAX_STATE
from stockroom.insight.service import Facts, NoSuchSource
from stockroom.jobs import Runs
from stockroom.models import AdvisoryRecord
from stockroom.models import Event as Told
from stockroom.spi import Advisory, FactDocument
from stockroom.spi.facts import FactRun
from tests.support.facts import Tell, Telling, hold, opened

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    with opened(sqlite_url) as made:
        yield made


def refresh(database: Database, tell: Tell) -> str | None:
    """Have the source osv tell something now."""
    facts = Facts(database, Runs(database), {"osv": Telling("osv", tell)})
    return facts.refresh_now("osv", lambda run: None)


def known(database: Database, *names: str) -> Any:
    with database.read() as connection:
        return dict(documents(connection, ["osv"], names))


def events(database: Database) -> list[tuple[str, Any]]:
    """The events about facts until now."""
    query = select(Told.kind, Told.data).where(Told.kind.startswith("facts.")).order_by(Told.id)
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_documents_and_advisories_are_kept_in_batches(database: Database) -> None:
    names = [f"p-{number}" for number in range(BATCH + 1)]
    hold(database, *names)

    def tell(run: FactRun) -> Iterable[FactDocument | Advisory]:
        yield Advisory("A-1", NOW, {"id": "A-1"})
        for number, name in enumerate(run.packages):
            run.progress(number, len(run.packages))
            yield FactDocument(name, {"n": 1})

    assert refresh(database, tell) is None

    told = events(database)
    assert [kind for kind, _ in told] == ["facts.changed", "facts.changed", "facts.ready"]
    batches = [data["packages"] for kind, data in told if kind == "facts.changed"]
    assert sorted(name for batch in batches for name in batch) == sorted(names)
    assert max(map(len, batches)) <= BATCH
    assert {data["source"] for _, data in told} == {"osv"}
    with database.reading() as session:
        assert session.scalars(select(AdvisoryRecord.id)).all() == ["A-1"]


def test_a_source_may_read_the_advisories_that_it_has_told(database: Database) -> None:
    found: list[Any] = []

    def tell(run: FactRun) -> Iterable[Advisory]:
        found.append((run.advisories, run.records(["A-1", "A-2"])))
        yield Advisory("A-1", NOW, {"id": "A-1"})

    refresh(database, tell)
    refresh(database, tell)

    assert found == [({}, {}), ({"A-1": NOW}, {"A-1": {"id": "A-1"}})]


def test_before_the_first_success_nothing_is_known_of_what_was_not_told(
    database: Database,
) -> None:
    def fail(run: FactRun) -> Iterable[FactDocument]:
        yield FactDocument("early", {"n": 1})
        yield from [FactDocument(f"p-{number}", {}) for number in range(BATCH)]
        raise ValueError("the rest cannot be read.")

    assert refresh(database, fail) == "the rest cannot be read."
    assert known(database, "early", "none") == {"early": {"osv": {"n": 1}}, "none": {}}
    assert not [kind for kind, _ in events(database) if kind == "facts.ready"]

    assert refresh(database, lambda run: []) is None

    assert known(database, "early", "none") == {"early": {"osv": {"n": 1}}, "none": {"osv": {}}}
    assert events(database) == [("facts.ready", {"source": "osv"})]


def test_ready_is_told_once(database: Database) -> None:
    refresh(database, lambda run: [])
    refresh(database, lambda run: [])

    assert len(events(database)) == 1


def test_a_source_sees_what_is_held_known_and_left(database: Database) -> None:
    hold(database, "b", "a")
    seen: list[Any] = []

    def tell(run: FactRun) -> Iterable[FactDocument]:
        seen.append((list(run.packages), set(run.known), dict(run.state)))
        run.remember({"cursor": 5})
        yield FactDocument("a", {})

    facts = Facts(database, Runs(database), {"osv": Telling("osv", tell)})
    facts.refresh_now("osv", lambda run: None)
    facts.refresh_now("osv", lambda run: None)

    # The second one was asked for, so that it begins anew.
    assert seen == [(["a", "b"], set(), {}), (["a", "b"], {"a"}, {})]


def test_what_cannot_be_kept_ends_the_run_with_a_sentence(database: Database) -> None:
    assert refresh(database, lambda run: [FactDocument("a b", {})]) == (
        "'a b' cannot be the name of a package."
    )


def test_what_is_left_for_the_next_run_is_bounded(database: Database) -> None:
    def tell(run: FactRun) -> Iterable[FactDocument]:
        run.remember({"x": "y" * MAX_STATE})
        return []

    assert refresh(database, tell) == "more than 100,000 characters cannot be remembered."


def test_two_refreshes_at_once_are_one(database: Database) -> None:
    answers: list[str | None] = []

    def tell(run: FactRun) -> Iterable[FactDocument]:
        answers.append(refresh(database, lambda run: []))
        return []

    assert refresh(database, tell) is None

    assert answers == ["Another process is refreshing it at this moment."]


def test_a_package_that_is_made_meanwhile_is_told_of(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its page may have been made before the documents were committed, and must be dropped."""
    with opened(postgresql_url) as database:
        before = queries.held

        def held(connection: Any, names: Any) -> Any:
            found = before(connection, names)
            if not found and "late" in names:
                hold(database, "late")
            return found

        monkeypatch.setattr(queries, "held", held)
        refresh(database, lambda run: [FactDocument("late", {})])

        assert events(database)[0] == ("facts.changed", {"source": "osv", "packages": ["late"]})


def test_statuses_say_how_it_went(database: Database) -> None:
    def tell(run: FactRun) -> Iterable[FactDocument]:
        run.progress(1, 2)
        run.note("b.json is no JSON.")
        yield FactDocument("a", {})

    facts = Facts(database, Runs(database), {"osv": Telling("osv", tell)})
    [before] = facts.statuses()
    facts.refresh_now("osv", lambda run: None)
    [after] = facts.statuses()

    assert (before.succeeded_at, before.packages, before.running) == (None, 0, False)
    assert (after.title, after.done, after.total) == ("What a test tells", 1, 2)
    assert (after.packages, after.running, after.error) == (1, False, None)
    assert after.notes == ["b.json is no JSON."]
    assert after.succeeded_at is not None
    assert after.due_at is not None
    assert (after.due_at - after.succeeded_at).total_seconds() == Telling.refresh_seconds


def test_an_unknown_source_is_named_with_those_there_are(database: Database) -> None:
    facts = Facts(database, Runs(database), {"osv": Telling("osv", lambda run: [])})

    with pytest.raises(NoSuchSource, match="there is no fact source ovs, only: osv"):
        facts.refresh_now("ovs", lambda run: None)


@pytest.mark.parametrize("document", [["a"], {"a": float("nan")}, {"a": b""}])
def test_what_is_no_json_object_is_not_kept(database: Database, document: Any) -> None:
    hold(database, "p")

    assert "is no JSON" in (refresh(database, lambda run: [FactDocument("p", document)]) or "")

    assert known(database, "p") == {"p": {}}


def test_an_advisory_with_half_a_character_is_not_kept(database: Database) -> None:
    """Nobody could be answered with it."""
    told = Advisory("A-1", NOW, {"id": "A-1", "details": "\ud800"})

    assert refresh(database, lambda run: [told]) == "The advisory A-1 has half a character in it."


def test_a_batch_is_bounded_by_what_it_weighs(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else 500 documents of 1 MB are in memory at once, and written while uploads wait."""
    monkeypatch.setattr("stockroom.insight.refresh.BATCH_BYTES", 40)
    hold(database, *"abcd")

    refresh(database, lambda run: [FactDocument(name, {"n": "x" * 20}) for name in "abcd"])

    told = [data["packages"] for kind, data in events(database) if kind == "facts.changed"]
    assert told == [["a", "b"], ["c", "d"]]
