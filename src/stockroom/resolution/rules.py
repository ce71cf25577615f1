"""Which registries provide a package, and what becomes of each of their files (S-60, S-64, S-65).

The order of the rules is what keeps a private package private. A group *has* a package by name
alone; the first that has it wins as a whole; of two files with one name the earlier registry's is
taken, and only then is anything hidden. So nothing that is hidden is ever replaced by something
else of the same name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from stockroom.resolution.detail import FileDetail, PackageDetail
from stockroom.resources import Groups

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


class Holding(NamedTuple):
    """What one registry holds of a package; ``files`` may be some of them only."""

    status: str
    status_reason: str | None
    created_at: datetime
    files: Sequence[FileDetail]
    upload_time: datetime | None
    """Of the first of all its files."""

    def existed(self, at: datetime | None) -> bool:
        """Whether the registry had the package at that instant; None is now."""
        if at is None or self.created_at <= at:
            return True
        # A file that was brought with its history is older than its package's row.
        return self.upload_time is not None and self.upload_time <= at


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

    def asked(self, registry_id: int) -> Asked:
        """What a registry said that provides the package; raises KeyError if it does not."""
        for asked in self.groups[self.winner].registries if self.winner is not None else ():
            if asked.has and asked.registry_id == registry_id:
                return asked
        raise KeyError(registry_id)


def resolve(
    groups: Groups, name: str, holdings: Mapping[int, Holding], at: datetime | None
) -> Resolution:
    """Apply the rules to what the registries of a view hold of a package, as of ``at``."""
    asked = tuple(
        AskedGroup(
            index, tuple(_ask(member.registry_id, member.filter, holdings, at) for member in group)
        )
        for index, group in enumerate(groups)
    )
    winner = next((group.index for group in asked if group.has), None)
    providers = [one for one in asked[winner].registries if one.has] if winner is not None else []
    files = _merge(providers, holdings, at)
    shown = [seen.file for seen in files if seen.fate == Fate.SHOWN]
    detail = PackageDetail(name, *_status(providers), shown)
    return Resolution(name, asked, winner, files, detail, None)


def _status(providers: Sequence[Asked]) -> tuple[str, str | None]:
    """Status and reason of a package: the first provider's that is not quarantined."""
    for asked in providers:
        if asked.status is not None and asked.status != QUARANTINED:
            return asked.status, asked.status_reason
    return QUARANTINED, providers[0].status_reason if providers else None


def _ask(
    registry_id: int, filter_: str | None, holdings: Mapping[int, Holding], at: datetime | None
) -> Asked:
    holding = holdings.get(registry_id)
    if holding is None or not holding.existed(at):
        return Asked(registry_id, filter_, has=False, by_name=True, status=None, status_reason=None)
    return Asked(
        registry_id,
        filter_,
        has=True,
        by_name=True,
        status=holding.status,
        status_reason=holding.status_reason,
    )


def _merge(
    providers: Sequence[Asked], holdings: Mapping[int, Holding], at: datetime | None
) -> list[SeenFile]:
    seen: list[SeenFile] = []
    taken: set[str] = set()
    for asked in providers:
        names = set()
        for file in holdings[asked.registry_id].files:
            if at is not None and file.uploaded_at > at:
                fate = Fate.TOO_LATE
            elif file.filename in taken:
                fate = Fate.SHADOWED
            else:
                names.add(file.filename)
                fate = Fate.QUARANTINED if asked.status == QUARANTINED else Fate.SHOWN
            seen.append(SeenFile(asked.registry_id, file, fate, asked.filter))
        taken |= names
    return seen
