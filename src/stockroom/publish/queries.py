"""What the rules of publishing ask the database, one statement each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Select,
    SQLColumnExpression,
    delete,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session

from stockroom.dists import LOOKALIKES, ultra_normalized
from stockroom.models import (
    LIVE,
    BurntFilename,
    File,
    Package,
    Registry,
    Release,
    UploadFile,
    UploadSession,
    Workspace,
)


class Taken(NamedTuple):
    """A use of a filename: ``blake2b_256`` is None where it was burnt (U-75)."""

    sha256: str
    blake2b_256: str | None


class ReleaseState(NamedTuple):
    """A release that a file is to join; ``sdist`` is the name of the sdist it has."""

    id: int
    created_at: datetime
    sdist: str | None


def uses_of_filename(connection: Connection, registry_id: int, filename: str) -> list[Taken]:
    """What has this name in the registry, and what had it."""
    published = select(File.sha256, File.blake2b_256).where(
        File.registry_id == registry_id, File.filename == filename
    )
    burnt = select(BurntFilename.sha256, literal(None)).where(
        BurntFilename.registry_id == registry_id, BurntFilename.filename == filename
    )
    return [Taken(*row) for row in connection.execute(published.union_all(burnt))]


def release_state(
    connection: Connection, package_id: int, canonical_version: str
) -> ReleaseState | None:
    """The release of a package, None when it has none of that version."""
    sdist = (
        select(func.min(File.filename))
        .where(File.release_id == Release.id, File.kind == "sdist")
        .scalar_subquery()
    )
    query = select(Release.id, Release.created_at, sdist).where(
        Release.package_id == package_id, Release.canonical_version == canonical_version
    )
    row = connection.execute(query).one_or_none()
    return ReleaseState(*row) if row else None


def registry_bytes(connection: Connection, registry_id: int) -> int:
    """The bytes of all files in a registry."""
    query = select(func.coalesce(func.sum(Package.size), 0)).where(
        Package.registry_id == registry_id
    )
    return int(connection.execute(query).scalar_one())


def team_bytes(connection: Connection, team_id: int) -> int:
    """The bytes of all files in all registries of a team."""
    query = (
        select(func.coalesce(func.sum(Package.size), 0))
        .join(Registry, Registry.id == Package.registry_id)
        .join(Workspace, Workspace.id == Registry.workspace_id)
        .where(Workspace.team_id == team_id)
    )
    return int(connection.execute(query).scalar_one())


def uploads_in_registry(connection: Connection, registry_id: int, since: datetime) -> int:
    """How many files were published to a registry since then."""
    query = select(func.count()).where(File.registry_id == registry_id, File.uploaded_at > since)
    return connection.execute(query).scalar_one()


def uploads_in_team(connection: Connection, team_id: int, since: datetime) -> int:
    """How many files were published to all registries of a team since then."""
    query = (
        select(func.count())
        .select_from(File)
        .join(Registry, Registry.id == File.registry_id)
        .join(Workspace, Workspace.id == Registry.workspace_id)
        .where(Workspace.team_id == team_id, File.uploaded_at > since)
    )
    return connection.execute(query).scalar_one()


def similar_package(connection: Connection, registry_id: int, name: str) -> str | None:
    """A package whose name looks like ``name``, both normalised; None if there is none (U-66).

    The database compares, because a registry may have very many names.
    """
    form: SQLColumnExpression[str] = Package.name
    for letter, replacement in LOOKALIKES.items():
        form = func.replace(form, letter, replacement)
    query = (
        select(Package.name)
        .where(Package.registry_id == registry_id, form == ultra_normalized(name))
        .order_by(Package.name)
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()


class PackageState(NamedTuple):
    """What the rules need to know of a package that is there."""

    id: int
    name: str
    status: str
    status_reason: str | None
    size: int


def package_state(connection: Connection, registry_id: int, name: str) -> PackageState | None:
    """A package by its normalised name, None when there is none."""
    query = select(
        Package.id, Package.name, Package.status, Package.status_reason, Package.size
    ).where(Package.registry_id == registry_id, Package.name == name)
    row = connection.execute(query).one_or_none()
    return PackageState(*row) if row else None


class ReservedFile(NamedTuple):
    """A file whose bytes are waited for; ``sha256`` is None until they have come to us."""

    id: int
    session_id: int
    registry_id: int
    token: str
    filename: str
    digests: Mapping[str, str]
    sha256: str | None


def direct_file(
    connection: Connection, registry_id: int, filename: str, sha256: str, now: datetime
) -> ReservedFile | None:
    """The file that was reserved by this name and digest; None if there is none.

    Of several, which were reserved at the same moment, one whose bytes have come.
    """
    query = (
        _reserved(now)
        .where(
            UploadSession.registry_id == registry_id,
            UploadFile.filename == filename,
            UploadFile.digests["sha256"].as_string() == sha256,
        )
        .order_by(UploadFile.sha256.is_(None), UploadFile.id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return ReservedFile(*row) if row else None


def reserved_file(connection: Connection, token: str, now: datetime) -> ReservedFile | None:
    """The file that was reserved under this token."""
    row = connection.execute(_reserved(now).where(UploadFile.token == token)).one_or_none()
    return ReservedFile(*row) if row else None


def _reserved(now: datetime) -> Select[*tuple[Any, ...]]:
    return (
        select(
            UploadFile.id,
            UploadFile.session_id,
            UploadSession.registry_id,
            UploadFile.token,
            UploadFile.filename,
            UploadFile.digests,
            UploadFile.sha256,
        )
        .join(UploadSession, UploadSession.id == UploadFile.session_id)
        .where(
            UploadSession.kind == "direct",
            UploadSession.status == "open",
            UploadSession.expires_at > now,
        )
    )


def open_session(session: Session, session_id: int, now: datetime) -> UploadSession | None:
    """A direct session that has not ended, locked.

    It is locked before its file, a package or a blob: that is the order for everybody.
    """
    query = (
        select(UploadSession)
        .where(
            UploadSession.id == session_id,
            UploadSession.status == "open",
            UploadSession.expires_at > now,
        )
        .with_for_update()
    )
    return session.execute(query).scalar_one_or_none()


def stage(session: Session, registry_id: int, token: str, *, lock: bool) -> UploadSession | None:
    """The stage with this token in a registry."""
    query = select(UploadSession).where(
        UploadSession.registry_id == registry_id,
        UploadSession.kind == "stage",
        UploadSession.token == token,
    )
    return session.execute(query.with_for_update() if lock else query).scalar_one_or_none()


def announced_sizes(session: Session, session_id: int) -> list[int]:
    """The sizes in bytes of all files of a stage."""
    query = select(UploadFile.size).where(UploadFile.session_id == session_id)
    return [size or 0 for size in session.execute(query).scalars()]


def live_stage(
    session: Session, registry_id: int, package: str, canonical_version: str
) -> UploadSession | None:
    """The one stage of a release that has not ended."""
    query = select(UploadSession).where(
        UploadSession.registry_id == registry_id,
        UploadSession.kind == "stage",
        UploadSession.package == package,
        UploadSession.canonical_version == canonical_version,
        UploadSession.status.in_(LIVE),
    )
    return session.execute(query).scalar_one_or_none()


def end_expired_stages(session: Session, registry_id: int, now: datetime) -> None:
    """Cancel the stages that nobody has ended in time, so that a new one can begin."""
    statement = (
        update(UploadSession)
        .where(
            UploadSession.registry_id == registry_id,
            UploadSession.kind == "stage",
            UploadSession.status.in_(LIVE),
            UploadSession.expires_at <= now,
        )
        .values(status="canceled")
    )
    session.execute(statement)


def file_of_session(session: Session, session_id: int, token: str) -> UploadFile | None:
    """A file of a session by its token."""
    query = select(UploadFile).where(UploadFile.session_id == session_id, UploadFile.token == token)
    return session.execute(query).scalar_one_or_none()


def has_file(session: Session, session_id: int, filename: str) -> bool:
    """Whether a session has a file of that name."""
    query = select(UploadFile.id).where(
        UploadFile.session_id == session_id, UploadFile.filename == filename
    )
    return session.execute(query).first() is not None


def files_of_session(session: Session, session_id: int) -> list[UploadFile]:
    """The files of a session in the order of their names."""
    query = (
        select(UploadFile).where(UploadFile.session_id == session_id).order_by(UploadFile.filename)
    )
    return list(session.execute(query).scalars())


def delete_files_of_session(session: Session, session_id: int) -> None:
    """Forget the files of a session; their blobs are the sweeper's then."""
    session.execute(delete(UploadFile).where(UploadFile.session_id == session_id))
