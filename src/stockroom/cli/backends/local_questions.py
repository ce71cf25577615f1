"""Asking the database on this machine about what its views show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from stockroom.cli.site import Site
from stockroom.dists import is_valid_name
from stockroom.errors import BadRequest, InvalidName
from stockroom.feed import Feed
from stockroom.manage.definitions import resolve
from stockroom.manage.problems import NoSuchPlace
from stockroom.manage.why.explaining import Question, Why
from stockroom.manage.why.locks import read_pins
from stockroom.manage.why.rehearsing import Rehearsals
from stockroom.manage.why.seeing import Eyes
from stockroom.resolution import Resolver, ViewFilters
from stockroom.resolution.moments import instant_of
from stockroom.resources import Directory

if TYPE_CHECKING:
    from stockroom.cli.backends.protocols import Address, LockText
    from stockroom.manage.groups import Definition
    from stockroom.manage.why.rows import RehearsalDocument, WhyDocument
    from stockroom.resources import Snapshot, ViewRow


class LocalQuestions:
    """The views in the database of ``site``."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def why(self, view: Address, package: str, part: str | None, at: str) -> WhyDocument:
        """See Questions."""
        if not is_valid_name(package):
            raise InvalidName(f"{package!r} is no name of a package")
        question = Question("/".join(view), package, part, _instant(at))
        with self._open() as (eyes, snapshot):
            return Why(eyes, snapshot.name_of).explain(_find(snapshot, view), question)

    def rehearse(
        self, view: Address, lock: LockText, draft: Definition | None, at: str
    ) -> RehearsalDocument:
        """See Questions."""
        pins, instant = read_pins(*lock), _instant(at)
        language = self._site.plugins.filter_language()
        with self._open() as (eyes, snapshot):
            row = _find(snapshot, view)
            groups = None
            if draft is not None:
                groups = resolve(draft, snapshot, language, lambda _: True)
            rehearsals = Rehearsals(eyes, snapshot.name_of)
            return rehearsals.rehearse("/".join(view), row, groups, pins, instant)

    @contextmanager
    def _open(self) -> Iterator[tuple[Eyes, Snapshot]]:
        self._site.check_schema()
        feed = Feed(self._site.database)
        try:
            directory = Directory(self._site.database, feed)
            filters = ViewFilters(self._site.plugins.filter_language(), directory)
            resolver = Resolver(self._site.database, filters)
            yield Eyes(resolver, lambda _: True), directory.snapshot()
        finally:
            feed.close()


def _find(snapshot: Snapshot, view: Address) -> ViewRow:
    workspace, name = view
    place = snapshot.workspaces.get(workspace)
    row = None if place is None else place.views.get(name)
    if row is None:
        raise NoSuchPlace(f"there is no registry or view {workspace}/{name}")
    return row


def _instant(text: str) -> datetime | None:
    found = instant_of(text) if text else None
    if text and found is None:
        raise BadRequest(
            "at must be a date such as 2026-10-01 or an instant such as 2026-10-01T12:00:00Z"
        )
    return found
