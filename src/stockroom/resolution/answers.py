"""What a resolution tells: who was asked for a package, who provides it, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from stockroom.filters import Filter
from stockroom.resolution.detail import FileDetail, PackageDetail
from stockroom.spi import FilterFile, FilterPackage, FilterRelease

QUARANTINED = "quarantined"


class Fate(StrEnum):
    """What becomes of a file of a registry that provides its package."""

    SHOWN = "shown"
    FILTERED = "filtered"
    """The registry's filter in this view hides it."""
    SHADOWED = "shadowed"
    """An earlier registry of the group has a file of this name, whatever becomes of that one."""
    QUARANTINED = "quarantined"
    """Its package is quarantined in this registry (S-60)."""
    TOO_LATE = "too-late"
    """It was uploaded after the instant as of which the view is looked at."""


class Asked(NamedTuple):
    """A registry that was asked for a package, and what it said."""

    registry_id: int
    filter: str | None
    has: bool
    """Whether it has the package, as far as its name tells."""
    by_name: bool | None
    """What the filter says of the name alone; None is "it depends". True without a filter."""
    status: str | None
    """Of the package in this registry, even if the filter denies it; None if there is none."""
    status_reason: str | None


@dataclass(frozen=True, slots=True)
class AskedGroup:
    """A group of the view; ``index`` counts from 0 in the order of priority."""

    index: int
    registries: tuple[Asked, ...]

    @property
    def has(self) -> bool:
        """Whether any registry of it has the package."""
        return any(asked.has for asked in self.registries)


class SeenFile(NamedTuple):
    """A file of a registry that provides the package, and what became of it."""

    registry_id: int
    file: FileDetail
    fate: Fate
    filter: str | None
    """The filter of its registry in this view."""


class Judged(NamedTuple):
    """What a filter was asked about: a package, with its releases by their versions."""

    filter: Filter
    package: FilterPackage
    releases: Mapping[str, FilterRelease]

    def item(self, file: FileDetail) -> FilterFile:
        """A file as filters see it."""
        return FilterFile(file.filename, file.uploaded_at, self.releases[file.version])


@dataclass(frozen=True, slots=True)
class Resolution:
    """What every registry was asked and said, which group won, and the fate of every file."""

    name: str
    groups: tuple[AskedGroup, ...]
    winner: int | None
    """The index of the group that provides the package; None if nobody has it."""
    files: Sequence[SeenFile]
    """Of the registries that provide it, in their order."""
    detail: PackageDetail
    """What the view shows."""
    changes_at: datetime | None
    """When time alone changes any of this next; None is never."""
    instant: datetime
    """As of when filters were asked."""
    ends_at: datetime | None = None
    """The instant after which nothing changes, of a view as of an instant."""
    judged: Mapping[int, Judged] = field(default_factory=dict, repr=False)
    """By the ids of the registries whose filter was asked about more than the name."""

    def asked(self, registry_id: int) -> Asked:
        """What a registry said that provides the package; raises KeyError if it does not."""
        for asked in self.groups[self.winner].registries if self.winner is not None else ():
            if asked.has and asked.registry_id == registry_id:
                return asked
        raise KeyError(registry_id)
