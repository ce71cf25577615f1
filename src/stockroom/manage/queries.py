"""What the listings of administration show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    String,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    union,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from stockroom.models import (
    ApiKey,
    Blob,
    File,
    Grant,
    Package,
    Registry,
    Release,
    Team,
    UploadFile,
    View,
    Workspace,
)


class TeamRow(NamedTuple):
    """A team."""

    name: str
    workspaces: int
    created_at: datetime


class WorkspaceRow(NamedTuple):
    """A workspace."""

    name: str
    team: str
    visibility: str
    registries: int
    created_at: datetime


class RegistryRow(NamedTuple):
    """A registry, its size in bytes."""

    registry: str
    kind: str
    packages: int
    files: int
    size: int
    created_at: datetime


class KeyRow(NamedTuple):
    """An API key; times are None where they do not apply."""

    id: int
    name: str
    hint: str
    role: str
    scope: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class PackageRow(NamedTuple):
    """A package."""

    name: str
    status: str
    releases: int
    files: int
    serial: int


class FileRow(NamedTuple):
    """A file of a package, its size in bytes."""

    version: str
    filename: str
    size: int
    sha256: str
    yanked: bool
    yanked_reason: str | None
    uploaded_at: datetime
    uploaded_by: str


def teams(connection: Connection) -> list[TeamRow]:
    """All teams by name."""
    query = (
        select(Team.name, func.count(Workspace.id), Team.created_at)
        .outerjoin(Workspace, Workspace.team_id == Team.id)
        .group_by(Team.id)
        .order_by(Team.name)
    )
    return [TeamRow._make(row) for row in connection.execute(query)]


def workspaces(connection: Connection) -> list[WorkspaceRow]:
    """All workspaces by name."""
    query = (
        select(
            Workspace.name,
            Team.name,
            Workspace.visibility,
            func.count(Registry.id),
            Workspace.created_at,
        )
        .join(Team, Team.id == Workspace.team_id)
        .outerjoin(Registry, Registry.workspace_id == Workspace.id)
        .group_by(Workspace.id, Team.id)
        .order_by(Workspace.name)
    )
    return [WorkspaceRow._make(row) for row in connection.execute(query)]


def registries(connection: Connection) -> list[RegistryRow]:
    """All registries by workspace and name."""
    packages = _per_registry(select(func.count(Package.id)), Package.registry_id)
    files = _per_registry(select(func.count(File.id)), File.registry_id)
    size = _per_registry(select(func.coalesce(func.sum(File.size), 0)), File.registry_id)
    query = (
        select(
            Workspace.name + "/" + Registry.name,
            Registry.kind,
            packages,
            files,
            size,
            Registry.created_at,
        )
        .join(Workspace, Workspace.id == Registry.workspace_id)
        .order_by(Workspace.name, Registry.name)
    )
    return [RegistryRow._make((*row[:4], int(row[4]), row[5])) for row in connection.execute(query)]


def keys(connection: Connection) -> list[KeyRow]:
    """All API keys, one row per grant."""
    registry_workspace, view_workspace = aliased(Workspace), aliased(Workspace)
    scope = case(
        (Grant.scope_kind == "server", literal("*")),
        (Grant.scope_kind == "team", literal("team:") + Team.name),
        (Grant.scope_kind == "workspace", Workspace.name),
        (Grant.scope_kind == "registry", registry_workspace.name + "/" + Registry.name),
        else_=view_workspace.name + "/" + View.name,
    )
    query = (
        select(
            ApiKey.id,
            ApiKey.name,
            ApiKey.hint,
            Grant.role,
            scope,
            ApiKey.created_at,
            ApiKey.expires_at,
            ApiKey.revoked_at,
        )
        .join(Grant, Grant.subject == literal("key:") + cast(ApiKey.id, String))
        .outerjoin(Team, (Grant.scope_kind == "team") & (Team.id == Grant.scope_id))
        .outerjoin(Workspace, (Grant.scope_kind == "workspace") & (Workspace.id == Grant.scope_id))
        .outerjoin(Registry, (Grant.scope_kind == "registry") & (Registry.id == Grant.scope_id))
        .outerjoin(registry_workspace, registry_workspace.id == Registry.workspace_id)
        .outerjoin(View, (Grant.scope_kind == "view") & (View.id == Grant.scope_id))
        .outerjoin(view_workspace, view_workspace.id == View.workspace_id)
        .order_by(ApiKey.id)
    )
    return [KeyRow._make(row) for row in connection.execute(query)]


def find_registry(connection: Connection, workspace: str, name: str) -> int | None:
    """The id of a registry."""
    query = (
        select(Registry.id)
        .join(Workspace, Workspace.id == Registry.workspace_id)
        .where(Workspace.name == workspace, Registry.name == name)
    )
    return connection.execute(query).scalar()


def packages(connection: Connection, registry_id: int) -> list[PackageRow]:
    """The packages of a registry by name."""
    releases = select(func.count(Release.id)).where(Release.package_id == Package.id)
    files = select(func.count(File.id)).where(File.package_id == Package.id)
    query = (
        select(
            Package.display_name,
            Package.status,
            releases.scalar_subquery(),
            files.scalar_subquery(),
            Package.serial,
        )
        .where(Package.registry_id == registry_id)
        .order_by(Package.name)
    )
    return [PackageRow._make(row) for row in connection.execute(query)]


def files(connection: Connection, registry_id: int, name: str) -> list[FileRow]:
    """The files of a package, newest last."""
    query = (
        select(
            Release.version,
            File.filename,
            File.size,
            File.sha256,
            File.yanked,
            File.yanked_reason,
            File.uploaded_at,
            File.uploaded_by,
        )
        .join(Package, Package.id == File.package_id)
        .join(Release, Release.id == File.release_id)
        .where(Package.registry_id == registry_id, Package.name == name)
        .order_by(File.uploaded_at, File.id)
    )
    return [FileRow._make(row) for row in connection.execute(query)]


def count_blobs(connection: Connection) -> int:
    """How many blobs the rows know."""
    return connection.execute(select(func.count()).select_from(Blob)).scalar_one()


def blob_is_needed() -> ColumnElement[bool]:
    """Whether a row names the blob that the statement around it looks at."""
    columns = (
        File.sha256,
        File.metadata_sha256,
        UploadFile.sha256,
        UploadFile.metadata_sha256,
    )
    return or_(*(exists().where(column == Blob.sha256) for column in columns))


def blobs_after(connection: Connection, sha256: str, limit: int) -> Sequence[tuple[str, int, bool]]:
    """The next blobs in the order of their digests: digest, size in bytes, whether it is needed."""
    query = (
        select(Blob.sha256, Blob.size, blob_is_needed())
        .where(Blob.sha256 > sha256)
        .order_by(Blob.sha256)
        .limit(limit)
    )
    return [(row[0], row[1], bool(row[2])) for row in connection.execute(query)]


def known_blobs(connection: Connection, digests: Sequence[str]) -> set[str]:
    """Those of ``digests`` that a row names."""
    query = select(Blob.sha256).where(Blob.sha256.in_(digests))
    return set(connection.execute(query).scalars())


def files_of_blob(connection: Connection, sha256: str) -> list[str]:
    """Names of up to 10 files, uploads in progress included, that need a blob."""
    found = union(
        *(
            select(table.filename).where(
                (table.sha256 == sha256) | (table.metadata_sha256 == sha256)
            )
            for table in (File, UploadFile)
        )
    ).subquery()
    query = select(found.c.filename).order_by(found.c.filename).limit(10)
    return list(connection.execute(query).scalars())


def _per_registry(
    query: Select[tuple[int]], registry_id: InstrumentedAttribute[int]
) -> ScalarSelect[int]:
    return query.where(registry_id == Registry.id).scalar_subquery()
