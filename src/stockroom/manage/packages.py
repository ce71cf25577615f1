"""The life of a package after its upload: yanking, and its status."""

from __future__ import annotations

from packaging.utils import canonicalize_version
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from stockroom.dists import normalize
from stockroom.feed import emit
from stockroom.manage.problems import NoSuchPlace
from stockroom.models import File, Package, Registry, Release, Workspace


class Packages:
    """Changes packages in the transaction of ``session``; each change raises the serial."""

    def __init__(self, session: Session, actor: str) -> None:
        self._session = session
        self._actor = actor

    def set_status(
        self, workspace: str, registry: str, name: str, status: str, reason: str | None
    ) -> None:
        """Make a package active, archived, deprecated or quarantined (S-44, S-60).

        :raises NoSuchPlace: there is no such package.
        """
        package = self._lock(workspace, registry, name)
        before = package.status
        package.status, package.status_reason = status, reason
        package.serial += 1
        emit(
            self._session,
            "package.status-changed",
            self._actor,
            registry_id=package.registry_id,
            package=package.name,
            before=before,
            after=status,
            reason=reason,
        )

    def set_yanked(
        self,
        workspace: str,
        registry: str,
        name: str,
        version: str,
        *,
        yanked: bool,
        reason: str | None = None,
    ) -> int:
        """Yank or unyank all files of a release; they stay downloadable (S-63). Returns how many.

        ``version`` may be written in any way that PEP 440 takes for the same (1.0 and 1.0.0).

        :raises NoSuchPlace: there is no such release.
        """
        package = self._lock(workspace, registry, name)
        release = self._session.execute(
            select(Release).where(
                Release.package_id == package.id,
                Release.canonical_version == canonicalize_version(version),
            )
        ).scalar_one_or_none()
        if release is None:
            raise NoSuchPlace(f"{package.name} has no release {version}")
        package.serial += 1
        files = self._session.execute(
            update(File)
            .where(File.release_id == release.id)
            .values(yanked=yanked, yanked_reason=reason if yanked else None)
            .returning(File.id)
        ).all()
        emit(
            self._session,
            "release.yanked" if yanked else "release.unyanked",
            self._actor,
            registry_id=package.registry_id,
            package=package.name,
            version=release.version,
            reason=reason,
        )
        return len(files)

    def _lock(self, workspace: str, registry: str, name: str) -> Package:
        package = self._session.execute(
            select(Package)
            .join(Registry, Registry.id == Package.registry_id)
            .join(Workspace, Workspace.id == Registry.workspace_id)
            .where(
                Workspace.name == workspace,
                Registry.name == registry,
                Package.name == normalize(name),
            )
            .with_for_update(of=Package)
        ).scalar_one_or_none()
        if package is None:
            raise NoSuchPlace(f"there is no package {name} in {workspace}/{registry}")
        return package
