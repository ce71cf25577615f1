"""What the listings of administration show."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

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

from stockroom.manage.policies import quota_of
from stockroom.manage.reports.rows import KeyRow, RegistryRow, TeamRow, WorkspaceRow
from stockroom.models import (
    ApiKey,
    Blob,
    File,
    Grant,
    Package,
    Registry,
    Robot,
    Team,
    UploadFile,
    User,
    View,
    Workspace,
)
from stockroom.policies import RegistryPolicy, read_policy


def teams(connection: Connection, names: Collection[str] | None = None) -> list[TeamRow]:
    """Teams by name: all, or those of ``names``."""
    query = (
        select(Team.name, func.count(Workspace.id), Team.created_at)
        .outerjoin(Workspace, Workspace.team_id == Team.id)
        .group_by(Team.id)
        .order_by(Team.name)
    )
    if names is not None:
        query = query.where(Team.name.in_(names))
    return [TeamRow(*row) for row in connection.execute(query)]


def workspaces(connection: Connection, names: Collection[str] | None = None) -> list[WorkspaceRow]:
    """Workspaces by name: all, or those of ``names``."""
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
    if names is not None:
        query = query.where(Workspace.name.in_(names))
    return [WorkspaceRow(*row) for row in connection.execute(query)]


def registries(connection: Connection, workspace: str | None = None) -> list[RegistryRow]:
    """Registries by workspace and name: all, or those of ``workspace``."""
    packages = _per_registry(select(func.count(Package.id)), Package.registry_id)
    files = _per_registry(select(func.count(File.id)), File.registry_id)
    size = _per_registry(select(func.coalesce(func.sum(Package.size), 0)), Package.registry_id)
    query = (
        select(
            Workspace.name + "/" + Registry.name,
            Registry.kind,
            packages,
            files,
            size,
            Registry.settings,
            Registry.created_at,
        )
        .join(Workspace, Workspace.id == Registry.workspace_id)
        .order_by(Workspace.name, Registry.name)
    )
    if workspace is not None:
        query = query.where(Workspace.name == workspace)
    return [
        RegistryRow(*row[:4], int(row[4]), _quota(row[5]), row[6])
        for row in connection.execute(query)
    ]


def keys(connection: Connection) -> list[KeyRow]:
    """All API keys, one row for each role of the owner."""
    registry_workspace, view_workspace = aliased(Workspace), aliased(Workspace)
    registry_name = registry_workspace.name + "/" + Registry.name
    scope = case(
        (Grant.scope_kind == "server", literal("*")),
        (Grant.scope_kind == "team", literal("team:") + Team.name),
        (Grant.scope_kind == "workspace", Workspace.name),
        (Grant.scope_kind == "registry", registry_name),
        (Grant.scope_kind == "package", registry_name + "/" + Grant.package),
        else_=view_workspace.name + "/" + View.name,
    )
    user, robot = _with_subject("user", User.id), _with_subject("robot", Robot.id)
    query = (
        select(
            ApiKey.id,
            ApiKey.name,
            ApiKey.hint,
            func.coalesce(User.name, Robot.name, ""),
            ApiKey.access,
            Grant.role,
            scope,
            ApiKey.created_at,
            ApiKey.expires_at,
            ApiKey.used_at,
            ApiKey.revoked_at,
        )
        .outerjoin(User, ApiKey.subject == user)
        .outerjoin(Robot, ApiKey.subject == robot)
        .outerjoin(Grant, Grant.subject == ApiKey.subject)
        .outerjoin(Team, (Grant.scope_kind == "team") & (Team.id == Grant.scope_id))
        .outerjoin(Workspace, (Grant.scope_kind == "workspace") & (Workspace.id == Grant.scope_id))
        .outerjoin(
            Registry,
            Grant.scope_kind.in_(("registry", "package")) & (Registry.id == Grant.scope_id),
        )
        .outerjoin(registry_workspace, registry_workspace.id == Registry.workspace_id)
        .outerjoin(View, (Grant.scope_kind == "view") & (View.id == Grant.scope_id))
        .outerjoin(view_workspace, view_workspace.id == View.workspace_id)
        .order_by(ApiKey.id, Grant.id)
    )
    return [KeyRow(*row) for row in connection.execute(query)]


def _with_subject(kind: str, id_: InstrumentedAttribute[int]) -> ColumnElement[str]:
    """The subject of a row, such as ``user:7``."""
    return literal(f"{kind}:") + cast(id_, String)


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


def _quota(settings: Mapping[str, str]) -> int | None:
    return quota_of(read_policy(RegistryPolicy, settings))
