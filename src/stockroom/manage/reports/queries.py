"""Reading what administration sees. A page is ``limit`` rows, or all, after a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from packaging.version import Version
from sqlalchemy import Connection, Select, case, func, select

from stockroom.dists import canonical_version, normalize
from stockroom.manage.preconditions import etag_of
from stockroom.manage.problems import NoSuchPlace
from stockroom.manage.reports.rows import (
    BurntReport,
    FileReport,
    PackageReport,
    PackageSummary,
    ReleaseReport,
    ReleaseSummary,
)
from stockroom.manage.retention import ReleaseFacts
from stockroom.models import (
    BurntFilename,
    File,
    Package,
    Release,
)

YANKED = func.coalesce(func.min(case((File.yanked, 1), else_=0)), 0)
SIZE = func.coalesce(func.sum(File.size), 0)
FILE_COLUMNS: tuple[Any, ...] = (
    File.filename,
    Release.version,
    File.kind,
    File.size,
    File.sha256,
    File.requires_python,
    File.yanked,
    File.yanked_reason,
    File.uploaded_at,
    File.uploaded_by,
    File.downloaded_at,
    File.warnings,
)


class PackageHead(NamedTuple):
    """The columns of a package that every report about it needs."""

    id: int
    name: str
    display_name: str
    status: str
    status_reason: str | None
    notes: str | None
    size: int
    serial: int
    created_at: Any

    @property
    def etag(self) -> str:
        """The entity tag of its state."""
        return etag_of(self.id, self.created_at, self.serial)


def package_page(
    connection: Connection,
    registry_id: int,
    *,
    limit: int | None = None,
    after: str = "",
    part: str = "",
    status: str | None = None,
) -> list[PackageSummary]:
    """Packages by name, whose normalised name contains ``part``."""
    releases = select(func.count(Release.id)).where(Release.package_id == Package.id)
    files = select(func.count(File.id)).where(File.package_id == Package.id)
    query = (
        select(
            Package.name,
            Package.display_name,
            Package.status,
            releases.scalar_subquery(),
            files.scalar_subquery(),
            Package.size,
            Package.serial,
            Package.created_at,
        )
        .where(Package.registry_id == registry_id, Package.name > after)
        .order_by(Package.name)
        .limit(limit)
    )
    if part:
        query = query.where(Package.name.contains(normalize(part), autoescape=True))
    if status:
        query = query.where(Package.status == status)
    return [PackageSummary(*row) for row in connection.execute(query)]


def package_head(connection: Connection, registry_id: int, name: str) -> PackageHead:
    """A package by any spelling of its name.

    :raises NoSuchPlace: the registry has none.
    """
    query = select(
        Package.id,
        Package.name,
        Package.display_name,
        Package.status,
        Package.status_reason,
        Package.notes,
        Package.size,
        Package.serial,
        Package.created_at,
    ).where(Package.registry_id == registry_id, Package.name == normalize(name))
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NoSuchPlace(f"there is no package {name} in this registry")
    return PackageHead._make(row)


def package_report(connection: Connection, head: PackageHead) -> PackageReport:
    """A package with its releases."""
    query = (
        select(
            Release.version, Release.created_at, YANKED, func.count(File.id), SIZE, Release.notes
        )
        .outerjoin(File, File.release_id == Release.id)
        .where(Release.package_id == head.id)
        .group_by(Release.id)
    )
    releases = [
        ReleaseSummary(row[0], row[1], bool(row[2]), row[3], int(row[4]), row[5])
        for row in connection.execute(query)
    ]
    releases.sort(key=lambda release: Version(release.version))
    return PackageReport(*head[1:], releases)


def release_report(connection: Connection, head: PackageHead, version: str) -> ReleaseReport:
    """A release, by its version in any spelling, with its files.

    :raises NoSuchPlace: the package has none.
    """
    query = select(Release.id, Release.version, Release.created_at, Release.notes).where(
        Release.package_id == head.id, Release.canonical_version == canonical_version(version)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NoSuchPlace(f"{head.name} has no release {version}")
    files = _files(connection, _select_files().where(File.release_id == row.id))
    return ReleaseReport(
        head.name,
        row.version,
        row.created_at,
        row.notes,
        bool(files) and all(file.yanked for file in files),
        sum(file.size for file in files),
        files,
    )


def file_report(connection: Connection, head: PackageHead, filename: str) -> FileReport:
    """A file by its name.

    :raises NoSuchPlace: the package has none.
    """
    query = _select_files().where(File.package_id == head.id, File.filename == filename)
    files = _files(connection, query)
    if not files:
        raise NoSuchPlace(f"{head.name} has no file {filename}")
    return files[0]


def package_files(
    connection: Connection, head: PackageHead, *, limit: int | None = None, after: str = ""
) -> list[FileReport]:
    """Files of a package by name."""
    query = _select_files().where(File.package_id == head.id, File.filename > after)
    return _files(connection, query.limit(limit))


def burnt_page(
    connection: Connection,
    registry_id: int,
    *,
    limit: int | None = None,
    after: str = "",
    package: str = "",
) -> list[BurntReport]:
    """Filenames in order that cannot be used again."""
    query = (
        select(
            BurntFilename.filename,
            BurntFilename.package,
            BurntFilename.sha256,
            BurntFilename.deleted_at,
            BurntFilename.deleted_by,
        )
        .where(BurntFilename.registry_id == registry_id, BurntFilename.filename > after)
        .order_by(BurntFilename.filename)
        .limit(limit)
    )
    if package:
        query = query.where(BurntFilename.package == normalize(package))
    return [BurntReport(*row) for row in connection.execute(query)]


def release_facts(connection: Connection, registry_id: int) -> list[ReleaseFacts]:
    """What the retention rules ask about every release of a registry that has a file."""
    query = (
        select(
            Release.id,
            Package.name,
            Package.status,
            Release.version,
            func.min(File.uploaded_at),
            func.max(File.uploaded_at),
            func.max(File.downloaded_at),
            YANKED,
            func.count(File.id),
            SIZE,
        )
        .join(Package, Package.id == Release.package_id)
        .join(File, File.release_id == Release.id)
        .where(Package.registry_id == registry_id)
        .group_by(Release.id, Package.id)
    )
    rows: Sequence[Any] = connection.execute(query).all()
    return [ReleaseFacts._make((*row[:7], bool(row[7]), row[8], int(row[9]))) for row in rows]


def _select_files() -> Select[*tuple[Any, ...]]:
    query = select(*FILE_COLUMNS).join(Release, Release.id == File.release_id)
    return query.order_by(File.filename)


def _files(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[FileReport]:
    rows: Sequence[Any] = connection.execute(query).all()
    found = []
    for *columns, downloaded_at, warnings in rows:
        day = downloaded_at and downloaded_at.date()
        found.append(FileReport(*(*columns, day, warnings)))
    return found
