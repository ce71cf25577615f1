"""What a filter makes of all packages of a registry at once, told by the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from sqlalchemy import Connection

from stockroom.filters import Filter
from stockroom.filters.tree import AgeTest, leaves
from stockroom.resolution import queries
from stockroom.resolution.filter_sql import is_exact


class Sight(Enum):
    """What is seen of a package of a registry through a filter."""

    NOTHING = auto()
    """It has no files."""
    SHOWS = auto()
    """Some file is shown, and will be."""
    HIDES = auto()
    """All files are hidden, and will be."""
    DOUBTFUL = auto()
    """The database cannot tell, or time may change it."""


def survey(
    connection: Connection, registry_id: int, filter_: Filter, now: datetime, at: datetime | None
) -> Mapping[str, Sight]:
    """What the filter makes of the packages of a registry that have files, by their names.

    ``now`` and ``at`` are those of a Question.
    """
    instant = now if at is None else min(at, now)
    settled = None if at is not None and at <= now else _settled(filter_, now)
    exact = is_exact(filter_)
    found = {}
    for name, shown, newest in queries.survey(connection, registry_id, filter_, instant, at):
        if settled is not None and newest > settled:
            found[name] = Sight.DOUBTFUL
        elif shown:
            found[name] = Sight.SHOWS if exact else Sight.DOUBTFUL
        else:
            found[name] = Sight.HIDES
    return found


def _settled(filter_: Filter, now: datetime) -> datetime | None:
    """Of files that are no younger than this, no test of an age will ever change; None: of any."""
    ages = [leaf.microseconds for leaf in leaves(filter_.tree) if isinstance(leaf, AgeTest)]
    if not ages:
        return None
    try:
        return now - timedelta(microseconds=max(ages))
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
