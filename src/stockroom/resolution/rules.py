"""Which registries provide a package, and what becomes of each of their files (S-60, S-64, S-65).

The order of the rules is what keeps a private package private. A group *has* a package by name
alone; the first that has it wins as a whole; of two files with one name the earlier registry's is
taken, and only then is anything hidden. So nothing that is hidden is ever replaced by something
else of the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from stockroom.filters import Filter
from stockroom.resolution.answers import (
    QUARANTINED,
    Asked,
    AskedGroup,
    Fate,
    Judged,
    Resolution,
    SeenFile,
)
from stockroom.resolution.detail import FileDetail, PackageDetail
from stockroom.resources import Groups, Member
from stockroom.spi import FilterPackage, FilterRelease

Documents = Mapping[str, Mapping[str, Any]]
"""What fact sources know of a package, by their names."""


class FirstUploads(NamedTuple):
    """When the first file of a package was uploaded, and of its releases by their versions."""

    package: datetime | None
    releases: Mapping[str, datetime]


class Holding(NamedTuple):
    """What one registry holds of a package."""

    status: str
    status_reason: str | None
    created_at: datetime
    files: Sequence[FileDetail]
    first: FirstUploads | None = None
    """Where ``files`` are not all that it has."""

    def first_uploads(self) -> FirstUploads:
        """Those of all files, whichever are shown."""
        if self.first is not None:
            return self.first
        releases: dict[str, datetime] = {}
        for file in self.files:
            known = releases.get(file.version)
            if known is None or file.uploaded_at < known:
                releases[file.version] = file.uploaded_at
        return FirstUploads(min(releases.values(), default=None), releases)

    def existed(self, at: datetime | None) -> bool:
        """Whether the registry had the package at that instant; None is now."""
        if at is None or self.created_at <= at:
            return True
        # A file that was brought with its history is older than its package's row.
        first = self.first_uploads().package
        return first is not None and first <= at


class Question(NamedTuple):
    """A package that is asked for by its normalised name, through a view as of an instant."""

    name: str
    groups: Groups
    filters: Mapping[str, Filter]
    """Every filter in the groups, by its text."""
    documents: Callable[[Collection[str]], Documents]
    """What these sources, at least, know of the package; called once at most."""
    now: datetime
    at: datetime | None = None
    """What was uploaded later does not exist; None is the present."""

    @property
    def instant(self) -> datetime:
        """As of when filters are asked: time stands still at an instant that has passed."""
        return self.now if self.at is None else min(self.at, self.now)


def resolve(question: Question, holdings: Mapping[int, Holding]) -> Resolution:
    """Apply the rules to what the registries of the view hold of the package, by their ids."""
    asked = tuple(
        AskedGroup(index, tuple(_ask(question, member, holdings) for member in group))
        for index, group in enumerate(question.groups)
    )
    winner = next((group.index for group in asked if group.has), None)
    providers = [one for one in asked[winner].registries if one.has] if winner is not None else []
    judged = _judged(question, providers, holdings)
    files: list[SeenFile] = []
    changes: list[datetime] = []
    taken: set[str] = set()
    for one in providers:
        held = holdings[one.registry_id].files
        fates, changes_at = _fates(question, one, held, taken, judged.get(one.registry_id))
        files += [
            SeenFile(one.registry_id, file, fate, one.filter)
            for file, fate in zip(held, fates, strict=True)
        ]
        if changes_at is not None and (question.at is None or changes_at <= question.at):
            changes.append(changes_at)
    shown = [seen.file for seen in files if seen.fate == Fate.SHOWN]
    detail = PackageDetail(question.name, *_status(providers), shown)
    return Resolution(
        question.name,
        asked,
        winner,
        files,
        detail,
        min(changes, default=None),
        question.instant,
        question.at,
        judged,
    )


def said_by_name(member: Member, filters: Mapping[str, Filter], name: str) -> bool | None:
    """What the filter of a registry says of a package's name alone; True without a filter.

    False: the registry does not have it in this view. None: its files decide what is shown.
    """
    return True if member.filter is None else filters[member.filter].by_name(name)


def _ask(question: Question, member: Member, holdings: Mapping[int, Holding]) -> Asked:
    by_name = said_by_name(member, question.filters, question.name)
    holding = holdings.get(member.registry_id)
    if holding is None or not holding.existed(question.at):
        return Asked(member.registry_id, member.filter, False, by_name, None, None)
    has = by_name is not False
    return Asked(
        member.registry_id, member.filter, has, by_name, holding.status, holding.status_reason
    )


def _judged(
    question: Question, providers: Sequence[Asked], holdings: Mapping[int, Holding]
) -> Mapping[int, Judged]:
    """What the filters are asked about that do not let everything through."""
    asked = {
        one.registry_id: question.filters[one.filter]
        for one in providers
        if one.filter is not None and one.by_name is None
    }
    sources = frozenset[str]().union(*(one.sources for one in asked.values()))
    documents = question.documents(sources) if sources else {}
    found = {}
    for registry_id, filter_ in asked.items():
        first = holdings[registry_id].first_uploads()
        releases = {
            version: FilterRelease(version, uploaded)
            for version, uploaded in first.releases.items()
        }
        package = FilterPackage(question.name, first.package, documents)
        found[registry_id] = Judged(filter_, package, releases)
    return found


def _fates(
    question: Question,
    asked: Asked,
    files: Sequence[FileDetail],
    taken: set[str],
    judged: Judged | None,
) -> tuple[Sequence[Fate], datetime | None]:
    """The fates of a registry's files, and when time changes any; takes their names."""
    shown = Fate.QUARANTINED if asked.status == QUARANTINED else Fate.SHOWN
    at = question.at
    fates = [
        Fate.TOO_LATE
        if at is not None and file.uploaded_at > at
        else (Fate.SHADOWED if file.filename in taken else shown)
        for file in files
    ]
    taken.update(
        file.filename for file, fate in zip(files, fates, strict=True) if fate != Fate.TOO_LATE
    )
    if judged is None or shown == Fate.QUARANTINED:
        return fates, None
    open_ = [number for number, fate in enumerate(fates) if fate == Fate.SHOWN]
    items = [judged.item(files[number]) for number in open_]
    verdicts, changes_at = judged.filter.judge(judged.package, items, question.instant)
    for number, is_shown in zip(open_, verdicts, strict=True):
        if not is_shown:
            fates[number] = Fate.FILTERED
    return fates, changes_at


def _status(providers: Sequence[Asked]) -> tuple[str, str | None]:
    """Status and reason of a package: the first provider's that is not quarantined."""
    for asked in providers:
        if asked.status is not None and asked.status != QUARANTINED:
            return asked.status, asked.status_reason
    return QUARANTINED, providers[0].status_reason if providers else None
