"""What is kept of views: ready pages and looked-up files, until a change or an instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Generic, TypeVar

from stockroom.feed import Change, CoherentCache, Feed
from stockroom.resolution.moments import ViewAt
from stockroom.resources import Directory
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
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        past = capacity // PAST_SHARE
        self._present: CoherentCache[Group, Variant, Entry[Any]] = CoherentCache(
            capacity - past, _weigh
        )
        self._past: CoherentCache[Group, Variant, Entry[Any]] = CoherentCache(past, _weigh)
        self._directory = directory
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
            if change.registry_id is None or change.package is None:
                continue
            for view in snapshot.views_of_registry.get(change.registry_id, ()):
                package, listing = (
                    (view.id, view.revision, name) for name in (change.package, LIST)
                )
                self._present.drop(package)
                self._past.drop(package)
                self._past.drop(listing)
                if change.kind.startswith("package."):
                    self._present.drop(listing)

    def _keep_only(self, snapshot: Snapshot) -> None:
        """Drop what is of earlier revisions, which nobody asks for any more."""
        views = chain.from_iterable(place.views.values() for place in snapshot.workspaces.values())
        current = {(view.id, view.revision) for view in views}
        for cache in (self._present, self._past):
            cache.drop_groups(lambda group: group[:2] not in current)


def _weigh(entry: Entry[Any]) -> int:
    return OVERHEAD + entry.size
