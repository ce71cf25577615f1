"""Which packages a view lists.

A package is listed unless it is quarantined, or every file that it would show is hidden by filters.
Where a registry shows everything of it, its name alone decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from sqlalchemy import Connection

from stockroom.filters import Filter
from stockroom.insight.queries import documents
from stockroom.resolution import queries
from stockroom.resolution.answers import QUARANTINED, Fate, Resolution
from stockroom.resolution.queries import Held
from stockroom.resolution.rules import Documents, Question, resolve, said_by_name
from stockroom.resolution.surveys import Sight, survey
from stockroom.resources import Groups, Member

BATCH = 500
"""Packages whose files are looked at together."""


class Listing(NamedTuple):
    """Normalised and display name of every package that a view lists, in order."""

    names: Sequence[tuple[str, str]]
    changes_at: datetime | None
    """When time alone may change it next; None is never."""


class View(NamedTuple):
    """What is to be listed: see :class:`Question`."""

    groups: Groups
    filters: Mapping[str, Filter]
    now: datetime
    at: datetime | None


def list_packages(connection: Connection, view: View) -> Listing:
    """The packages that a view lists.

    One statement tells what packages there are. Where it depends on files, the database tells which
    packages a filter shows, one statement for each; what it cannot tell, or what time is about to
    change, is looked at file by file.
    """
    held = queries.packages(connection, queries.registries_of(view.groups), view.at)
    names: dict[str, str] = {}
    open_: dict[str, Sequence[Provider]] = {}
    for name, having in held.items():
        providers = _providers(view, name, having)
        able = [one for one in providers if not one.is_quarantined]
        if able:
            names[name] = having[providers[0].member.registry_id].display_name
            if all(one.by_name is None for one in able):
                open_[name] = providers
    surveyed = _survey(connection, view, open_)
    doubtful = {}
    for name, providers in open_.items():
        sights = [surveyed.get((one.member, name), Sight.NOTHING) for one in providers]
        listed = _is_surely_listed(providers, sights)
        if listed is None:
            doubtful[name] = [one.member for one in providers]
        elif not listed:
            del names[name]
    changes = []
    for found in _resolutions(connection, view, doubtful):
        if found.changes_at is not None:
            changes.append(found.changes_at)
        if not _is_listed(found):
            del names[found.name]
    return Listing(sorted(names.items()), min(changes, default=None))


class Provider(NamedTuple):
    """A registry that provides a package, in the view's terms."""

    member: Member
    by_name: bool | None
    is_quarantined: bool


def _providers(view: View, name: str, having: Mapping[int, Held]) -> Sequence[Provider]:
    for group in view.groups:
        found = [
            Provider(member, by_name, having[member.registry_id].status == QUARANTINED)
            for member in group
            if member.registry_id in having
            and (by_name := said_by_name(member, view.filters, name)) is not False
        ]
        if found:
            return found
    return ()


def _survey(
    connection: Connection, view: View, open_: Mapping[str, Sequence[Provider]]
) -> Mapping[tuple[Member, str], Sight]:
    """What the filters of registries make of the packages, as far as the database can tell."""
    members = {one.member for providers in open_.values() for one in providers}
    found = {}
    for member in members:
        if member.filter is not None:
            filter_ = view.filters[member.filter]
            sights = survey(connection, member.registry_id, filter_, view.now, view.at)
            found.update({(member, name): sight for name, sight in sights.items()})
    return found


def _is_surely_listed(providers: Sequence[Provider], sights: Sequence[Sight]) -> bool | None:
    """Whether a package is listed, now and for good; None is for who looks at its files."""
    if any(one.is_quarantined for one in providers):
        return None
    filled = [sight for sight in sights if sight is not Sight.NOTHING]
    # The first registry's files have their places for themselves; later ones' may be taken.
    if not filled or filled[0] is Sight.SHOWS:
        return True
    return False if all(sight is Sight.HIDES for sight in filled) else None


def _is_listed(found: Resolution) -> bool:
    fates = {seen.fate for seen in found.files}
    return Fate.SHOWN in fates or Fate.FILTERED not in fates


def _resolutions(
    connection: Connection, view: View, wanted: Mapping[str, Sequence[Member]]
) -> Iterator[Resolution]:
    """The packages that are ``wanted``, with those who provide them."""
    sources = frozenset[str]().union(*(one.sources for one in view.filters.values()))
    rest = iter(wanted)
    while names := list(islice(rest, BATCH)):
        registries = {member.registry_id for name in names for member in wanted[name]}
        held = queries.holdings(connection, registries, names)
        known = documents(connection, sources, names)
        for name in names:
            question = Question(
                name, view.groups, view.filters, _given(known[name]), view.now, view.at
            )
            yield resolve(question, held[name])


def _given(known: Documents) -> Callable[[object], Documents]:
    return lambda _: known
