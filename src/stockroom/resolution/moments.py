"""Time travel: a view as of an instant, named in its URL as ``VIEW@INSTANT``."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from stockroom.errors import NotFound
from stockroom.resources import ViewResource, ViewRow

INSTANT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d))?", re.ASCII)


class ViewAt(NamedTuple):
    """A view as of an instant; ``at`` is None for the present."""

    workspace: str
    row: ViewRow
    at: datetime | None

    @property
    def name(self) -> str:
        """As it stands in URLs below the workspace; the same for all spellings of the instant."""
        if self.at is None:
            return self.row.name
        return f"{self.row.name}@{self.at.isoformat().removesuffix('+00:00')}Z"


def view_at(context: ViewResource) -> ViewAt:
    """The view that a URL names; raises NotFound for an instant that cannot be read."""
    workspace = context.workspace.name
    if context.instant is None:
        return ViewAt(workspace, context.row, None)
    at = instant_of(context.instant)
    if at is None:
        name = f"{workspace}/{context.row.name}"
        raise NotFound(
            f"there is no such instant: write a date, as in {name}@2026-10-01 (its midnight, UTC), "
            f"or an instant with its offset from UTC, as in {name}@2026-10-01T12:00:00Z"
        )
    return ViewAt(workspace, context.row, at)


@lru_cache(512)
def instant_of(text: str) -> datetime | None:
    """The instant that a text names: a date is its midnight, UTC. None if it names none."""
    if not INSTANT.fullmatch(text):
        return None
    try:
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
