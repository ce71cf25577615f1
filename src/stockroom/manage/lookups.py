"""Finding what is about to be changed: the package is locked first, then what it holds is read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from stockroom.dists import canonical_version, normalize
from stockroom.manage.preconditions import check_if_match, etag_of, settings_tag
from stockroom.manage.problems import NoSuchPlace
from stockroom.manage.scopes import team_of
from stockroom.manage.texts import is_storable
from stockroom.models import File, Package, Registry, Release, Team, Workspace
from stockroom.policies import RegistryPolicy, TeamPolicy, read_policy
from stockroom.security.scopes import Scope


def lock_package(
    session: Session, workspace: str, registry: str, name: str, if_match: str | None = None
) -> Package:
    """The row of a package; uploads to it and other changes of it wait until the transaction ends.

    :raises NoSuchPlace: there is no such package.
    :raises PreconditionFailed: its state is none of those that ``if_match`` names.
    """
    query = (
        select(Package)
        .join(Registry, Registry.id == Package.registry_id)
        .join(Workspace, Workspace.id == Registry.workspace_id)
        .where(
            Workspace.name == workspace,
            Registry.name == registry,
            Package.name == normalize(name),
        )
        .with_for_update(of=Package)
    )
    package = session.execute(query).scalar_one_or_none() if is_storable(name) else None
    if package is None:
        raise NoSuchPlace(f"there is no package {name} in {workspace}/{registry}")
    check_if_match(if_match, etag_of(package.id, package.created_at, package.serial))
    return package


def lock_registry(
    session: Session,
    workspace: str,
    name: str,
    if_match: str | None = None,
    *,
    for_good: bool = False,
) -> Registry:
    """The row of a registry; other changes of its settings wait until the transaction ends.

    Uploads refer to the row and go on, unless it is ``for_good``: to be deleted.

    :raises NoSuchPlace: there is no such registry.
    :raises PreconditionFailed: its settings are none of those that ``if_match`` names.
    """
    query = (
        select(Registry)
        .join(Workspace, Workspace.id == Registry.workspace_id)
        .where(Workspace.name == workspace, Registry.name == name)
        .with_for_update(of=Registry, key_share=not for_good)
    )
    registry = session.execute(query).scalar_one_or_none()
    if registry is None:
        raise NoSuchPlace(
            f"there is no registry {workspace}/{name}; `stockroom registry list` shows all"
        )
    check_if_match(
        if_match, settings_tag(registry.id, read_policy(RegistryPolicy, registry.settings))
    )
    return registry


def lock_team(session: Session, name: str, if_match: str | None = None) -> Team:
    """The row of a team; other changes of its settings wait until the transaction ends.

    :raises NoSuchPlace: there is no such team.
    :raises PreconditionFailed: its settings are none of those that ``if_match`` names.
    """
    query = select(Team).where(Team.name == name).with_for_update(key_share=True)
    team = session.execute(query).scalar_one_or_none()
    if team is None:
        raise NoSuchPlace(f"there is no team {name}; `stockroom team list` shows all")
    check_if_match(if_match, settings_tag(team.id, read_policy(TeamPolicy, team.settings)))
    return team


def lock_team_of(session: Session, scope: Scope) -> None:
    """Make changes of who may do what in a team wait for each other; the server has no row."""
    team_id = team_of(session, scope)
    if team_id is not None:
        query = select(Team.id).where(Team.id == team_id).with_for_update(key_share=True)
        session.execute(query).one_or_none()


def find_release(session: Session, package: Package, version: str) -> Release:
    """A release by its version in any spelling that PEP 440 takes for the same.

    :raises NoSuchPlace: the package has no such release.
    """
    query = select(Release).where(
        Release.package_id == package.id,
        Release.canonical_version == canonical_version(version),
    )
    release = session.execute(query).scalar_one_or_none() if is_storable(version) else None
    if release is None:
        raise NoSuchPlace(f"{package.name} has no release {version}")
    return release


def find_file(session: Session, package: Package, filename: str) -> File:
    """A file by its name.

    :raises NoSuchPlace: the package has no such file.
    """
    query = select(File).where(File.package_id == package.id, File.filename == filename)
    file = session.execute(query).scalar_one_or_none() if is_storable(filename) else None
    if file is None:
        raise NoSuchPlace(f"{package.name} has no file {filename}")
    return file


def files_of(session: Session, release_id: int) -> Sequence[File]:
    """The files of a release by name."""
    query = select(File).where(File.release_id == release_id).order_by(File.filename)
    return session.execute(query).scalars().all()


def releases_of(session: Session, package: Package) -> Sequence[Release]:
    """The releases of a package in the order in which they were made."""
    query = select(Release).where(Release.package_id == package.id).order_by(Release.id)
    return session.execute(query).scalars().all()
