"""What becomes of a file in a view, in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from stockroom.manage.why.rows import TermReport
from stockroom.manage.why.seeing import Eyes
from stockroom.resolution import Fate, Resolution, SeenFile
from stockroom.security.scopes import Scope

MAX_SHOWN_VALUE = 300
NameOf = Callable[[Scope], str | None]
"""Gives a place as people write it; None for what is gone."""


class Cause(NamedTuple):
    """Why a file has its fate; ``detail`` says it in words that follow "it is"."""

    detail: str
    terms: tuple[TermReport, ...] = ()
    visible_at: datetime | None = None
    shadowed_by: str | None = None


class Reasons:
    """Says why files are hidden in the view that ``resolution`` is of."""

    def __init__(self, eyes: Eyes, resolution: Resolution, names: NameOf) -> None:
        self._eyes = eyes
        self._resolution = resolution
        self._names = names

    def registry(self, registry_id: int) -> str:
        """A registry as people write it."""
        return self._names(Scope("registry", registry_id)) or "a registry that is gone"

    def providers(self) -> str:
        """The registries that provide the package."""
        winner = self._resolution.winner
        assert winner is not None  # noqa: S101 - who asks has looked
        having = [one for one in self._resolution.groups[winner].registries if one.has]
        return " and ".join(self.registry(one.registry_id) for one in having)

    def nobody(self, view: str) -> str:
        """Why nobody has the package, as a sentence about the view."""
        denied = {
            self.registry(asked.registry_id): None
            for group in self._resolution.groups
            for asked in group.registries
            if asked.status is not None
        }
        said = f"{view} shows no {self._resolution.name}"
        if not denied:
            return f"{said}: none of its registries has a package of that name"
        return f"{said}: its filters exclude that name from {' and '.join(denied)}"

    def of(self, seen: SeenFile) -> Cause:
        """Why a file has the fate that it has; raises FilterBroken."""
        registry = self.registry(seen.registry_id)
        match seen.fate:
            case Fate.FILTERED:
                return self._filtered(seen, registry)
            case Fate.SHADOWED:
                earlier = self._shadow(seen)
                who = earlier or "an earlier registry"
                return Cause(
                    f"shadowed: {who} comes first and has a file of that name", shadowed_by=earlier
                )
            case Fate.QUARANTINED:
                said = self._resolution.asked(seen.registry_id).status_reason
                detail = f"quarantined in {registry}"
                return Cause(f"{detail}: {said}" if said else detail)
            case Fate.TOO_LATE:
                return Cause(f"uploaded later, at {moment(seen.file.uploaded_at)}")
        return Cause("shown")

    def _filtered(self, seen: SeenFile, registry: str) -> Cause:
        found = self._eyes.explain(self._resolution, seen)
        terms = tuple(TermReport(term.text, term.value, term.detail) for term in found.terms)
        said = "; ".join(term.detail for term in terms)[:MAX_SHOWN_VALUE]
        until = f" until {moment(found.visible_at)}" if found.visible_at else ""
        detail = f"hidden{until} by the filter of {registry}: {said or seen.filter}"
        return Cause(detail, terms, found.visible_at)

    def _shadow(self, seen: SeenFile) -> str | None:
        """The registry whose file of the same name is taken; None if that may not be told."""
        hidden = (Fate.SHADOWED, Fate.TOO_LATE)
        for other in self._resolution.files:
            if other.file.filename == seen.file.filename and other.fate not in hidden:
                return self.registry(other.registry_id)
        return None


def moment(instant: datetime) -> str:
    """An instant to the minute, never earlier than it is, in UTC."""
    whole = instant.astimezone(UTC).replace(second=0, microsecond=0)
    if whole < instant:
        whole += timedelta(minutes=1)
    return f"{whole:%Y-%m-%d %H:%M} UTC"
