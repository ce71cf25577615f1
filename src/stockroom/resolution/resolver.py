"""Looks up what views show; one statement each, and one more where a filter reads facts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Connection

from stockroom.db import Database
from stockroom.filters import Explanation
from stockroom.insight.queries import documents
from stockroom.resolution import queries
from stockroom.resolution.answers import Resolution, SeenFile
from stockroom.resolution.listing import Listing, View, list_packages
from stockroom.resolution.reading import ViewFilters
from stockroom.resolution.rules import Documents, Question, resolve
from stockroom.resources import ViewRow

BATCH = 200
"""Packages that are read at once where there are many."""


class Resolver:
    """Resolves packages through views. Nothing is kept here: pages are.

    ``at`` is the instant as of which a view is looked at: files that were uploaded later do not
    exist; None is now. Every method raises FilterBroken if a filter of the view cannot be read.
    """

    def __init__(
        self,
        database: Database,
        filters: ViewFilters,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self.filters = filters
        self._clock = clock

    def package(self, view: ViewRow, name: str, at: datetime | None = None) -> Resolution | None:
        """The package with all its files by its normalised name; None if nobody has it."""
        found = self.asked(view, name, at)
        return None if found.winner is None else found

    def asked(self, view: ViewRow, name: str, at: datetime | None = None) -> Resolution:
        """The same, also if nobody has it: what every registry was asked and said."""
        with self._database.read() as connection:
            question = self._question(connection, view, name, at)
            held = queries.holdings(connection, queries.registries_of(view.groups), [name])
            return resolve(question, held[name])

    def each(
        self, view: ViewRow, names: Sequence[str], at: datetime | None = None
    ) -> Iterator[Resolution]:
        """What :meth:`asked` says of each of many packages, with as few statements as for one."""
        registries, filters = queries.registries_of(view.groups), self.filters.of(view)
        sources, now = self.filters.sources(view), self._clock()
        for start in range(0, len(names), BATCH):
            batch = names[start : start + BATCH]
            with self._database.read() as connection:
                held = queries.holdings(connection, registries, batch)
                known = documents(connection, sources, batch)
            for name in batch:
                look_up = partial(_told, known[name])
                question = Question(name, view.groups, filters, look_up, now, at)
                yield resolve(question, held[name])

    def file(
        self, view: ViewRow, name: str, filename: str, at: datetime | None = None
    ) -> Resolution | None:
        """The package with its files of one name only; None if nobody has it."""
        if "\0" in filename:  # which PostgreSQL refuses to compare with
            return None
        registries = queries.registries_of(view.groups)
        with self._database.read() as connection:
            question = self._question(connection, view, name, at)
            dated = at is not None or bool(question.filters)
            held = queries.holdings_of_file(connection, registries, name, filename, dated=dated)
            found = resolve(question, held)
        return None if found.winner is None else found

    def listing(self, view: ViewRow, at: datetime | None = None) -> Listing:
        """The packages that the view lists."""
        filters = self.filters.of(view)
        with self._database.read() as connection:
            seen = View(view.groups, filters, self._clock(), at)
            return list_packages(connection, seen)

    def explain(self, resolution: Resolution, seen: SeenFile) -> Explanation:
        """Why the filter of its registry hides a file (its fate is FILTERED), and until when."""
        judged = resolution.judged[seen.registry_id]
        found = judged.filter.explain(judged.package, judged.item(seen.file), resolution.instant)
        ends_at = resolution.ends_at
        if found.visible_at is not None and ends_at is not None and found.visible_at > ends_at:
            return found._replace(visible_at=None)
        return found

    def _question(
        self, connection: Connection, view: ViewRow, name: str, at: datetime | None
    ) -> Question:
        def look_up(sources: Collection[str]) -> Documents:
            return documents(connection, sources, [name])[name]

        return Question(name, view.groups, self.filters.of(view), look_up, self._clock(), at)


def _told(documents: Documents, _sources: Collection[str]) -> Documents:
    """What is known already, of these sources and others."""
    return documents
