"""Reading what the registries of a view hold, one statement each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Text, and_, cast, exists, func, or_, select
from sqlalchemy.orm import aliased

from stockroom.models import File, Package, Release
from stockroom.resolution.detail import FileDetail
from stockroom.resolution.listing import Held
from stockroom.resolution.rules import Holding
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


def holdings(
    connection: Connection, registry_ids: Collection[int], name: str
) -> Mapping[int, Holding]:
    """What each of the registries holds of the package, with all files; by the registry's id."""
    query = (
        select(*PACKAGE_COLUMNS, *FILE_COLUMNS)
        .outerjoin(File, File.package_id == Package.id)
        .outerjoin(Release, Release.id == File.release_id)
        .where(Package.registry_id.in_(registry_ids), Package.name == name)
    )
    heads: dict[int, Sequence[Any]] = {}
    files: dict[int, list[FileDetail]] = {}
    rows: Sequence[Any] = connection.execute(query).all()
    for row in rows:
        heads[row[0]] = row
        mine = files.setdefault(row[0], [])
        if row[4] is not None:
            mine.append(FileDetail(*row[4:]))
    return {
        registry_id: Holding(
            row[1],
            row[2],
            row[3],
            files[registry_id],
            min((file.uploaded_at for file in files[registry_id]), default=None),
        )
        for registry_id, row in heads.items()
    }


def holdings_of_file(
    connection: Connection, registry_ids: Collection[int], name: str, filename: str
) -> Mapping[int, Holding]:
    """The same with the files of one name only."""
    other = aliased(File)
    first = select(func.min(other.uploaded_at)).where(other.package_id == Package.id)
    query = (
        select(first.scalar_subquery(), *PACKAGE_COLUMNS, *FILE_COLUMNS)
        .outerjoin(File, and_(File.package_id == Package.id, File.filename == filename))
        .outerjoin(Release, Release.id == File.release_id)
        .where(Package.registry_id.in_(registry_ids), Package.name == name)
    )
    rows: Sequence[Any] = connection.execute(query).all()
    found = {}
    for row in rows:
        files = [FileDetail(*row[5:])] if row[5] is not None else []
        found[row[1]] = Holding(row[2], row[3], row[4], files, row[0])
    return found


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
