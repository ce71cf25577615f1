"""Reading what the registries of a view hold, one statement each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from stockroom.db import UTCDateTime
from stockroom.filters import Filter
from stockroom.models import File, Package, Release
from stockroom.resolution.detail import FileDetail
from stockroom.resolution.filter_sql import FilterColumns, fields_read, may_show
from stockroom.resolution.rules import FirstUploads, Holding
from stockroom.resources import Groups

FILE_COLUMNS = (
    File.filename,
    Release.version,
    File.kind,
    File.sha256,
    File.size,
    File.metadata_sha256,
    File.metadata_static,
    File.requires_python,
    # As text: most pages do not need them, and those that do parse equal texts once.
    cast(File.requires_dist, Text),
    cast(File.provides_extra, Text),
    File.yanked,
    File.yanked_reason,
    File.uploaded_at,
    File.id,
)
PACKAGE_COLUMNS = (
    Package.registry_id,
    Package.status,
    Package.status_reason,
    Package.created_at,
)
_OF_PACKAGE, _OF_RELEASE = aliased(File), aliased(File)
FIRST_COLUMNS = (
    select(func.min(_OF_PACKAGE.uploaded_at))
    .where(_OF_PACKAGE.package_id == Package.id)
    .scalar_subquery(),
    select(func.min(_OF_RELEASE.uploaded_at))
    .where(_OF_RELEASE.release_id == File.release_id)
    .scalar_subquery(),
)
"""When the first files of the package and of the release were uploaded."""
NO_COLUMNS = (null(), null())


class Held(NamedTuple):
    """A package of a registry."""

    name: str
    display_name: str
    status: str


def holdings(
    connection: Connection, registry_ids: Collection[int], names: Collection[str]
) -> Mapping[str, Mapping[int, Holding]]:
    """What the registries hold of each of the packages, with all files; by name, by registry."""
    query = (
        select(Package.name, *PACKAGE_COLUMNS, *FILE_COLUMNS)
        .outerjoin(File, File.package_id == Package.id)
        .outerjoin(Release, Release.id == File.release_id)
        .where(Package.registry_id.in_(registry_ids), Package.name.in_(names))
    )
    rows: Sequence[Any] = connection.execute(query).all()
    files: dict[tuple[str, int], list[FileDetail]] = {}
    found: dict[str, dict[int, Holding]] = {name: {} for name in names}
    for row in rows:
        key = (row[0], row[1])
        mine = files.get(key)
        if mine is None:
            mine = files[key] = []
            found[row[0]][row[1]] = Holding(row[2], row[3], row[4], mine)
        if row[5] is not None:
            mine.append(FileDetail(*row[5:]))
    return found


def holdings_of_file(
    connection: Connection,
    registry_ids: Collection[int],
    name: str,
    filename: str,
    *,
    dated: bool,
) -> Mapping[int, Holding]:
    """What they hold of one package, with its files of one name only; by registry.

    ``dated``: when the first files of the package and of its releases were uploaded is asked for.
    """
    file = and_(
        # By the one index that has it, however many files the package has.
        File.registry_id == Package.registry_id,
        File.filename == filename,
        File.package_id == Package.id,
    )
    query = (
        select(*(FIRST_COLUMNS if dated else NO_COLUMNS), *PACKAGE_COLUMNS, *FILE_COLUMNS)
        .outerjoin(File, file)
        .outerjoin(Release, Release.id == File.release_id)
        .where(Package.registry_id.in_(registry_ids), Package.name == name)
    )
    rows: Sequence[Any] = connection.execute(query).all()
    found = {}
    for row in rows:
        files = [FileDetail(*row[6:])] if row[6] is not None else []
        first = FirstUploads(row[0], {file.version: row[1] for file in files}) if dated else None
        found[row[2]] = Holding(row[3], row[4], row[5], files, first)
    return found


def survey(
    connection: Connection,
    registry_id: int,
    filter_: Filter,
    now: datetime,
    at: datetime | None,
) -> Sequence[tuple[str, bool, datetime]]:
    """Of every package of a registry with files: its name, what is shown, its newest file.

    The second is whether the filter may show any file at ``now``; files later than ``at`` do not
    exist.
    """
    query = select(Package.name).join_from(File, Package, Package.id == File.package_id)
    first: dict[str, ColumnElement[datetime]] = {}
    for level, column in (("package", File.package_id), ("release", File.release_id)):
        first[level] = literal(None, UTCDateTime())
        if f"{level}.upload_time" in fields_read(filter_):
            oldest = (
                select(column, func.min(File.uploaded_at).label("first"))
                .where(File.registry_id == registry_id)
                .group_by(column)
                .subquery()
            )
            query = query.join(oldest, oldest.c[column.key] == column)
            first[level] = oldest.c.first
    files = File.__table__.c
    columns = FilterColumns(
        Package.__table__.c.name,
        first["package"],
        first["release"],
        files.filename,
        files.uploaded_at,
    )
    shown = func.max(case((may_show(filter_, columns, now), 1), else_=0))
    query = (
        query.add_columns(shown, func.max(File.uploaded_at))
        .where(File.registry_id == registry_id)
        .group_by(Package.id)
    )
    if at is not None:
        query = query.where(File.uploaded_at <= at)
    rows: Sequence[Any] = connection.execute(query).all()
    return [(name, bool(some), newest) for name, some, newest in rows]


def registries_of(groups: Groups) -> list[int]:
    """The ids of all registries in the groups, each once."""
    return list({member.registry_id: None for member in chain.from_iterable(groups)})


def packages(
    connection: Connection, registry_ids: Collection[int], at: datetime | None
) -> Mapping[str, Mapping[int, Held]]:
    """The packages that the registries had at that instant (None: now), by name, by registry."""
    query = select(Package.registry_id, Package.name, Package.display_name, Package.status).where(
        Package.registry_id.in_(registry_ids)
    )
    if at is not None:
        older = exists().where(File.package_id == Package.id, File.uploaded_at <= at)
        query = query.where(or_(Package.created_at <= at, older))
    found: dict[str, dict[int, Held]] = {}
    for registry_id, *rest in connection.execute(query):
        held = Held(*rest)
        found.setdefault(held.name, {})[registry_id] = held
    return found
