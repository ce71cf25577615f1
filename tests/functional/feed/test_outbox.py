"""Reading the outbox: everything that is committed, once, however late it becomes visible."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from stockroom.feed import outbox
from stockroom.feed.outbox import Position
from stockroom.manage.packages import Packages
from stockroom.models import Event
from tests.archives import make_wheel
from tests.support.databases import MakeUrl
from tests.support.nodes import Nodes
from tests.support.site import TestSite


class Reader:
    """Follows the outbox as a node does."""

    def __init__(self, site: TestSite) -> None:
        self._site = site
        with site.database.read() as connection:
            self._position: Position = outbox.newest(connection, sqlite=site.database.is_sqlite)

    def read(self) -> list[str]:
        """The kinds of the events that are news."""
        read = outbox.read_sqlite if self._site.database.is_sqlite else outbox.read_postgresql
        with self._site.database.read() as connection:
            self._position, changes = read(connection, self._position)
        return [change.kind for change in changes]


def write(connection: Connection, kind: str) -> None:
    """Add an event to the transaction of a connection."""
    connection.execute(insert(Event).values(at=datetime.now(UTC), kind=kind, actor="test", data={}))


@pytest.fixture
def writers(postgresql: TestSite) -> Iterator[list[Connection]]:
    """Connections with a transaction each."""
    with ExitStack() as stack:
        yield [stack.enter_context(postgresql.database.engine.connect()) for _ in range(4)]


@pytest.fixture(scope="module")
def postgresql(
    make_postgresql: MakeUrl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestSite]:
    site = TestSite(make_postgresql(), tmp_path_factory.mktemp("outbox"))
    yield site
    site.close()


def test_news_are_read_once_and_in_order(both: TestSite) -> None:
    reader = Reader(both)
    with both.database.engine.begin() as connection:
        write(connection, "one")
        write(connection, "two")

    assert reader.read() == ["one", "two"]
    assert reader.read() == []


def test_what_was_there_before_is_no_news(both: TestSite) -> None:
    assert Reader(both).read() == []


def test_what_is_rolled_back_never_becomes_news(
    postgresql: TestSite, writers: list[Connection]
) -> None:
    reader = Reader(postgresql)
    write(writers[0], "rolled back")
    write(writers[1], "committed")
    writers[0].rollback()
    writers[1].commit()

    assert reader.read() == ["committed"]
    assert reader.read() == []


def test_a_lower_id_that_is_committed_later_is_not_missed(
    postgresql: TestSite, writers: list[Connection]
) -> None:
    reader = Reader(postgresql)
    write(writers[0], "slow")
    write(writers[1], "quick")
    writers[1].commit()
    assert reader.read() == ["quick"]

    writers[0].commit()

    assert reader.read() == ["slow"]
    assert reader.read() == []


def test_a_transaction_older_than_the_reader_is_not_missed(
    postgresql: TestSite, writers: list[Connection]
) -> None:
    write(writers[0], "old")
    reader = Reader(postgresql)

    writers[0].commit()

    assert reader.read() == ["old"]


def test_a_transaction_that_stays_open_makes_nothing_come_twice(
    postgresql: TestSite, writers: list[Connection]
) -> None:
    reader = Reader(postgresql)
    write(writers[0], "open")
    read = []

    for number in range(5):
        write(writers[1], f"quick {number}")
        writers[1].commit()
        read.append(reader.read())
        read.append(reader.read())

    assert read == [news for number in range(5) for news in ([f"quick {number}"], [])]


@pytest.mark.parametrize("seed", range(3))
def test_in_any_order_everything_comes_exactly_once(
    postgresql: TestSite, writers: list[Connection], seed: int
) -> None:
    dice = random.Random(seed)
    reader = Reader(postgresql)
    pending: dict[int, list[str]] = {number: [] for number in range(len(writers))}
    committed: list[str] = []
    found: list[str] = []

    def end(number: int, *, commit: bool) -> None:
        (writers[number].commit if commit else writers[number].rollback)()
        if commit:
            committed.extend(pending[number])
        pending[number] = []

    for step in range(150):
        number = dice.randrange(len(writers))
        match dice.choice(["write", "write", "commit", "roll back", "read"]):
            case "write":
                write(writers[number], f"event {step}")
                pending[number].append(f"event {step}")
            case "commit":
                end(number, commit=True)
            case "roll back":
                end(number, commit=False)
            case "read":
                found += reader.read()
                assert sorted(found) == sorted(committed)
    for number in range(len(writers)):
        end(number, commit=True)
    found += reader.read()

    assert sorted(found) == sorted(committed)


def test_a_page_shows_what_was_committed_late(postgresql_nodes: Nodes) -> None:
    nodes = postgresql_nodes

    def told() -> Any:
        return nodes.page()["project-status"]["status"]

    with nodes.one.database.transaction() as session:
        Packages(session, "test").set_status("acme", "main", "demo-pkg", "archived", None)
        session.flush()
        # Its event gets a higher id and is committed first.
        nodes.upload(make_wheel("quick", "1.0"))
        nodes.soon(lambda: len(nodes.files("quick")) == 1)
        assert told() == "active"

    nodes.soon(lambda: told() == "archived")
