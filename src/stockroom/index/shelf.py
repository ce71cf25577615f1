"""What is kept of views: ready pages and looked-up files, until a change or an instant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Generic, TypeVar

from stockroom.feed import Change, CoherentCache, Feed
from stockroom.feed.outbox import FACTS_READY
from stockroom.resolution import ViewFilters
from stockroom.resolution.moments import ViewAt
from stockroom.resources import Directory, ViewRow
from stockroom.resources.directory import Snapshot

T = TypeVar("T")

OVERHEAD = 1500
"""Bytes that an entry costs beside its body: headers, keys, table slots."""
PAST_SHARE = 8
"""One part in so many is for time travel: no number of instants crowds out the present."""
LIST = ""
"""Stands for the project list, in the place of a package's name."""

Group = tuple[int, int, str]
"""Id and revision of a view, and a package's name or LIST."""
Variant = tuple[object, ...]


class Entry(Generic[T]):
    """Something that is valid until a change, or until the instant ``until`` at the latest."""

    __slots__ = ("size", "until", "value")

    def __init__(self, value: T, until: datetime | None, size: int = 0) -> None:
        self.value = value
        self.until = until
        self.size = size


class Shelf:
    """Keeps entries by package and view, within a capacity in bytes."""

    def __init__(
        self,
        capacity: int,
        feed: Feed,
        directory: Directory,
        filters: ViewFilters,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        past = capacity // PAST_SHARE
        self._present: CoherentCache[Group, Variant, Entry[Any]] = CoherentCache(
            capacity - past, _weigh
        )
        self._past: CoherentCache[Group, Variant, Entry[Any]] = CoherentCache(past, _weigh)
        self._directory = directory
        self._filters = filters
        self._clock = clock
        feed.subscribe(self._changed)

    def get(
        self, view: ViewAt, name: str, variant: Variant, make: Callable[[], Entry[T]]
    ) -> Entry[T]:
        """The entry of a package (or LIST) in a view, made by ``make`` if need be.

        What ``make`` raises is passed on and not kept.
        """
        group = (view.row.id, view.row.revision, name)
        cache = self._present
        if view.at is not None:
            cache, variant = self._past, (*variant, view.at)
        kept = cache.get(group, variant)
        if kept is not None and kept.until is not None and kept.until <= self._clock():
            cache.discard(group, variant, kept)
            kept = None
        return kept if kept is not None else cache.load(group, variant, make)

    def _changed(self, changes: Sequence[Change]) -> None:
        snapshot = self._directory.snapshot()
        if any(change.kind.startswith(("view.", "registry.")) for change in changes):
            self._keep_only(snapshot)
        for change in changes:
            if change.source is not None:
                self._facts_changed(change, snapshot)
            elif change.registry_id is not None and change.package is not None:
                for view in snapshot.views_of_registry.get(change.registry_id, ()):
                    # The past and filters look at files, others only at what packages there are.
                    self._drop(view, change.package)
                    self._past.drop((view.id, view.revision, LIST))
                    if change.kind.startswith("package.") or _has_filters(view):
                        self._present.drop((view.id, view.revision, LIST))

    def _facts_changed(self, change: Change, snapshot: Snapshot) -> None:
        """Drop what depends on a fact source: of some packages, or everything."""
        for view in _views(snapshot):
            if change.source not in self._filters.sources(view):
                continue
            for package in (LIST, *change.packages):
                self._drop(view, package)
            if change.kind == FACTS_READY:
                self._drop_views({(view.id, view.revision)})

    def _drop(self, view: ViewRow, name: str) -> None:
        for cache in (self._present, self._past):
            cache.drop((view.id, view.revision, name))

    def _keep_only(self, snapshot: Snapshot) -> None:
        """Drop what is of earlier revisions, which nobody asks for any more."""
        current = {(view.id, view.revision) for view in _views(snapshot)}
        for cache in (self._present, self._past):
            cache.drop_groups(lambda group: group[:2] not in current)

    def _drop_views(self, gone: Collection[tuple[int, int]]) -> None:
        for cache in (self._present, self._past):
            cache.drop_groups(lambda group: group[:2] in gone)


def _views(snapshot: Snapshot) -> Iterator[ViewRow]:
    return chain.from_iterable(place.views.values() for place in snapshot.workspaces.values())


def _has_filters(view: ViewRow) -> bool:
    return any(member.filter is not None for member in chain.from_iterable(view.groups))


def _weigh(entry: Entry[Any]) -> int:
    return OVERHEAD + entry.size
