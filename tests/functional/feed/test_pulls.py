"""Many who ask for news at once are served by few questions to the database."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from stockroom.feed import Feed
from tests.support.site import TestSite
from tests.support.waiting import Gate, Worker, wait_until

WAITING = 8


@pytest.fixture
def feed(site: TestSite) -> Feed:
    return site.service(Feed)


def test_who_asks_during_a_pull_shares_the_next_one(
    site: TestSite, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, asked = Gate(), []
    read = feed._read

    def slowly(connection: Connection, position: Any) -> Any:
        asked.append(position)
        if len(asked) == 1:
            gate.stop_here()
        return read(connection, position)

    monkeypatch.setattr(feed, "_read", slowly)
    first = Worker(feed.pull)
    gate.wait()
    seen: list[str] = []
    feed.subscribe(lambda changes: seen.extend(change.kind for change in changes))
    site.create_workspace("late")
    others = [Worker(feed.pull) for _ in range(WAITING)]
    wait_until(lambda: all(other.is_alive() for other in others))

    gate.open()

    for worker in (first, *others):
        worker.result()
    assert "workspace.created" in seen
    assert 2 <= len(asked) < 1 + WAITING


def test_a_pull_that_fails_serves_nobody(
    site: TestSite, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: Connection, position: Any) -> Any:
        raise RuntimeError("no news today")

    with monkeypatch.context() as broken:
        broken.setattr(feed, "_read", fail)
        with pytest.raises(RuntimeError):
            feed.pull()
    seen: list[str] = []
    feed.subscribe(lambda changes: seen.extend(change.kind for change in changes))
    site.create_workspace("late")

    feed.pull()

    assert "workspace.created" in seen
