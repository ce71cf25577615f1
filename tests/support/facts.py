"""Fact sources that tell what a test says, and databases without an application around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select

from stockroom.advisories.service import Advisories
from stockroom.db import Database
from stockroom.insight.service import Facts
from stockroom.jobs import Runs
from stockroom.manage.places import Places
from stockroom.models import Package, Registry
from stockroom.settings import read_settings
from stockroom.spi import Advisory, FactDocument
from stockroom.spi.facts import FactRun
from tests.support.site import TestSite

Tell = Callable[[FactRun], Iterable[FactDocument | Advisory]]


class Telling:
    """A source; ``tell`` may be replaced between runs."""

    title = "What a test tells"
    refresh_seconds = 3600.0
    tells_advisories = False

    def __init__(self, name: str, tell: Tell) -> None:
        self.name = name
        self.tell = tell

    def refresh(self, run: FactRun) -> Iterable[FactDocument | Advisory]:
        return self.tell(run)


def offer(site: TestSite, *sources: Telling) -> Facts:
    """Have the application offer these sources, as plugins would; it asks them by itself never."""
    services = site.application.services
    facts = Facts(site.database, Runs(site.database), {one.name: one for one in sources})
    services[Facts] = facts
    services[Advisories] = Advisories(site.database, facts)
    return facts


@dataclass
class FakeRun:
    """A refresh, as a source sees it."""

    packages: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    advisories: set[str] = field(default_factory=set)
    state: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    reports: list[tuple[int, int | None]] = field(default_factory=list)

    def progress(self, done: int, total: int | None = None) -> None:
        """Note it."""
        self.reports.append((done, total))

    def note(self, sentence: str) -> None:
        """Note it."""
        self.notes.append(sentence)

    def remember(self, state: Mapping[str, Any]) -> None:
        """Have it as the state of the next run."""
        self.state = dict(state)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A database whose schema is right, with the workspace acme."""
    values = {"sqlalchemy.url": url, "stockroom.storage": "file:///unused"}
    database = Database(read_settings(values).settings)
    with database.transaction() as session:
        Places(session, "test").create_workspace("acme", visibility="team")
    yield database
    database.dispose()


def hold(database: Database, *names: str) -> None:
    """Have acme/main hold packages without files."""
    now = datetime.now(UTC)
    with database.transaction() as session:
        registry_id = session.scalars(select(Registry.id)).first()
        rows = [
            {"registry_id": registry_id, "name": name, "display_name": name, "created_at": now}
            for name in names
        ]
        session.execute(insert(Package), rows)
