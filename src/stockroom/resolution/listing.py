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
    """The packages that a view lists; files are looked at only where it depends on them."""
    held = queries.packages(connection, queries.registries_of(view.groups), view.at)
    names: dict[str, str] = {}
    open_: dict[str, Sequence[Member]] = {}
    for name, having in held.items():
        providers = _providers(view, name, having)
        able = [one for one in providers if having[one.registry_id].status != QUARANTINED]
        if able:
            names[name] = having[providers[0].registry_id].display_name
            if all(said_by_name(one, view.filters, name) is None for one in able):
                open_[name] = providers
    changes = []
    for found in _resolutions(connection, view, open_):
        if found.changes_at is not None:
            changes.append(found.changes_at)
        if not _is_listed(found):
            del names[found.name]
    return Listing(sorted(names.items()), min(changes, default=None))


def _providers(view: View, name: str, having: Mapping[int, Held]) -> Sequence[Member]:
    for group in view.groups:
        held = [member for member in group if member.registry_id in having]
        found = [one for one in held if said_by_name(one, view.filters, name) is not False]
        if found:
            return found
    return ()


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
