"""Which packages a view lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from stockroom.resolution.rules import QUARANTINED
from stockroom.resources import Groups, Member


class Listing(NamedTuple):
    """Normalised and display name of every package that a view lists, in order."""

    names: Sequence[tuple[str, str]]
    changes_at: datetime | None
    """When time alone may change it next; None is never."""


class Held(NamedTuple):
    """A package of a registry."""

    name: str
    display_name: str
    status: str


def listed(groups: Groups, held: Mapping[str, Mapping[int, Held]]) -> Listing:
    """The packages that a view of these groups lists, of those ``held``: by name, by registry."""
    names = []
    for name, having in sorted(held.items()):
        found = _providers(groups, having)
        if any(having[member.registry_id].status != QUARANTINED for member in found):
            names.append((name, having[found[0].registry_id].display_name))
    return Listing(names, None)


def _providers(groups: Groups, having: Mapping[int, Held]) -> Sequence[Member]:
    for group in groups:
        found = [member for member in group if member.registry_id in having]
        if found:
            return found
    return ()
