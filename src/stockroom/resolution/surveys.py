"""What a filter makes of all packages of a registry at once, told by the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any

from sqlalchemy import Connection, case, func, select

from stockroom.filters import Filter
from stockroom.filters.tree import AgeTest, leaves
from stockroom.models import File, Package
from stockroom.resolution.filter_sql import FilterColumns, is_exact, may_show


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
    for name, shown, newest in connection.execute(_statement(registry_id, filter_, instant, at)):
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


def _statement(registry_id: int, filter_: Filter, instant: datetime, at: datetime | None) -> Any:
    packages, releases = (
        select(column, func.min(File.uploaded_at).label("first"))
        .where(File.registry_id == registry_id)
        .group_by(column)
        .subquery()
        for column in (File.package_id, File.release_id)
    )
    files = File.__table__.c
    columns = FilterColumns(
        Package.__table__.c.name,
        packages.c.first,
        releases.c.first,
        files.filename,
        files.uploaded_at,
    )
    shown = case((may_show(filter_, columns, instant), 1), else_=0)
    query = (
        select(Package.name, func.max(shown), func.max(File.uploaded_at))
        .select_from(File)
        .join(Package, Package.id == File.package_id)
        .join(packages, packages.c.package_id == File.package_id)
        .join(releases, releases.c.release_id == File.release_id)
        .where(File.registry_id == registry_id)
        .group_by(Package.name)
    )
    return query if at is None else query.where(File.uploaded_at <= at)
