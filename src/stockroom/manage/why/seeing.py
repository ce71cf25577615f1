"""What a caller may be told of what a view was found to show.

Everything about registries that they may read by themselves. Who has a role on the view alone may
see of another one what the view shows of it, and no more: a view can be what shows partners a part
of a private registry, whose other packages are none of their business.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from stockroom.filters import Explanation
from stockroom.resolution import Asked, AskedGroup, Fate, Resolution, Resolver, SeenFile
from stockroom.resources import ViewRow

MaySee = Callable[[int], bool]
"""Whether somebody may read a registry by itself, by its id."""


class Eyes:
    """Looks through ``resolver`` at what somebody may see."""

    def __init__(self, resolver: Resolver, may_see: MaySee) -> None:
        self._resolver = resolver
        self.may_see = may_see

    def asked(self, view: ViewRow, name: str, at: datetime | None) -> Resolution:
        """What every registry was asked and said, as far as it may be told.

        :raises FilterBroken: a filter of the view cannot be read any more.
        """
        return self._told(self._resolver.asked(view, name, at))

    def each(
        self, view: ViewRow, names: Sequence[str], at: datetime | None
    ) -> Iterator[Resolution]:
        """The same for many packages, in their order; raises FilterBroken."""
        return map(self._told, self._resolver.each(view, names, at))

    def explain(self, resolution: Resolution, seen: SeenFile) -> Explanation:
        """Why a filter hides a file of a resolution from here."""
        return self._resolver.explain(resolution, seen)

    def _told(self, found: Resolution) -> Resolution:
        files = [
            seen
            for seen in found.files
            if seen.fate is Fate.SHOWN or self.may_see(seen.registry_id)
        ]
        shown = {seen.registry_id for seen in files}
        groups = tuple(
            AskedGroup(
                group.index,
                tuple(
                    one if self._is_told(one, group, found.winner, shown) else _untold(one)
                    for one in group.registries
                ),
            )
            for group in found.groups
        )
        return replace(found, groups=groups, files=files)

    def _is_told(
        self, asked: Asked, group: AskedGroup, winner: int | None, shown: Container[int]
    ) -> bool:
        """Whether what a registry said follows from the page, or may be told all the same."""
        if self.may_see(asked.registry_id):
            return True
        is_alone = sum(one.has for one in group.registries) == 1
        return asked.has and group.index == winner and (is_alone or asked.registry_id in shown)


def _untold(asked: Asked) -> Asked:
    return asked._replace(has=False, status=None, status_reason=None)
