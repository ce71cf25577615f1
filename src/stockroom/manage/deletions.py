"""Deleting files, releases and packages for ever.

Only rows go. A blob that no row names any more is left to the sweeper, which knows when nobody can
be reading it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from packaging.utils import canonicalize_version
from sqlalchemy import delete
from sqlalchemy.orm import Session

from stockroom.dists import normalize
from stockroom.feed import emit
from stockroom.manage.lookups import (
    files_of,
    find_file,
    find_release,
    lock_package,
    releases_of,
)
from stockroom.manage.problems import NotConfirmed
from stockroom.manage.texts import clean_reason, excerpt
from stockroom.models import BurntFilename, File, Package, Registry, Release
from stockroom.policies import RegistryPolicy, read_policy


class Deleted(NamedTuple):
    """What went: the names of the files, whether they are burnt now, and the size in bytes."""

    files: tuple[str, ...]
    size: int
    burnt: bool


class Deletions:
    """Deletes in the transaction of ``session``, each time with the package's row locked.

    An upload to the package therefore comes before as a whole, or after. ``confirm`` is the name
    of what is to go, typed again. The names of the files are burnt where the registry's setting
    ``burn_filenames`` is on (U-75). All methods raise NoSuchPlace, NotConfirmed, InvalidText for
    the reason, and PreconditionFailed as Packages does.
    """

    def __init__(
        self,
        session: Session,
        actor: str,
        if_match: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._actor = actor
        self._if_match = if_match
        self._clock = clock

    def delete_file(
        self,
        workspace: str,
        registry: str,
        name: str,
        filename: str,
        *,
        confirm: str | None,
        reason: str | None = None,
    ) -> Deleted:
        """Delete one file; its release goes with its last one."""
        reason = clean_reason(reason)
        package = lock_package(self._session, workspace, registry, name, self._if_match)
        file = find_file(self._session, package, filename)
        check_confirmed(confirm, filename, is_same=confirm == filename)
        release = self._session.get_one(Release, file.release_id)
        if len(files_of(self._session, release.id)) == 1:
            return self.drop_release(package, release, reason)
        self._emit(
            "file.deleted",
            package,
            version=release.version,
            before=[_remembered(file)],
            reason=reason,
        )
        return self._drop_files(package, [file])

    def delete_release(
        self,
        workspace: str,
        registry: str,
        name: str,
        version: str,
        *,
        confirm: str | None,
        reason: str | None = None,
    ) -> Deleted:
        """Delete a release with its files; a package without any release stays, empty."""
        reason = clean_reason(reason)
        package = lock_package(self._session, workspace, registry, name, self._if_match)
        release = find_release(self._session, package, version)
        is_same = canonicalize_version(confirm or "") == release.canonical_version
        check_confirmed(confirm, release.version, is_same=is_same)
        return self.drop_release(package, release, reason)

    def delete_package(
        self,
        workspace: str,
        registry: str,
        name: str,
        *,
        confirm: str | None,
        reason: str | None = None,
    ) -> Deleted:
        """Delete a package with everything in it; its name is free for whoever may publish."""
        reason = clean_reason(reason)
        package = lock_package(self._session, workspace, registry, name, self._if_match)
        is_same = normalize(confirm or "") == package.name
        check_confirmed(confirm, package.name, is_same=is_same)
        releases = releases_of(self._session, package)
        gone = [self.drop_release(package, release, reason) for release in releases]
        files = tuple(name for part in gone for name in part.files)
        size = sum(part.size for part in gone)
        self._emit(
            "package.deleted",
            package,
            before={
                "display_name": package.display_name,
                "status": package.status,
                "notes": excerpt(package.notes),
                "releases": len(releases),
                "files": len(files),
                "size": size,
            },
            reason=reason,
        )
        self._session.flush()
        self._session.execute(delete(Package).where(Package.id == package.id))
        return Deleted(files, size, any(part.burnt for part in gone))

    def drop_release(self, package: Package, release: Release, reason: str | None) -> Deleted:
        """Delete a release of a package whose row this transaction has locked already."""
        files = files_of(self._session, release.id)
        self._emit(
            "release.deleted",
            package,
            version=release.version,
            before=[_remembered(file) for file in files],
            notes=excerpt(release.notes),
            reason=reason,
        )
        deleted = self._drop_files(package, files)
        self._session.execute(delete(Release).where(Release.id == release.id))
        return deleted

    def _drop_files(self, package: Package, files: Sequence[File]) -> Deleted:
        size = sum(file.size for file in files)
        package.serial += 1
        package.size -= size
        is_burnt = self._burn(package, files)
        self._session.execute(delete(File).where(File.id.in_([file.id for file in files])))
        return Deleted(tuple(file.filename for file in files), size, is_burnt)

    def _burn(self, package: Package, files: Sequence[File]) -> bool:
        registry = self._session.get_one(Registry, package.registry_id)
        if not read_policy(RegistryPolicy, registry.settings).burn_filenames:
            return False
        # A name may be burnt already: by a deletion from before it was published once more, while
        # the setting was off.
        names = [file.filename for file in files]
        self._session.execute(
            delete(BurntFilename).where(
                BurntFilename.registry_id == registry.id, BurntFilename.filename.in_(names)
            )
        )
        self._session.add_all(
            BurntFilename(
                registry_id=registry.id,
                filename=file.filename,
                package=package.name,
                sha256=file.sha256,
                deleted_at=self._clock(),
                deleted_by=self._actor,
            )
            for file in files
        )
        return True

    def _emit(self, kind: str, package: Package, **data: Any) -> None:
        emit(
            self._session,
            kind,
            self._actor,
            registry_id=package.registry_id,
            package=package.name,
            **data,
        )


def check_confirmed(confirm: str | None, name: str, *, is_same: bool) -> None:
    """Make sure that somebody typed the name of what is to be deleted.

    :raises NotConfirmed: they did not, or they typed another one.
    """
    if not confirm:
        raise NotConfirmed(f"deleting is for ever: confirm it by giving the name {name} again")
    if not is_same:
        raise NotConfirmed(
            f"{confirm!r} was given as confirmation, which is not {name}; nothing was deleted"
        )


def _remembered(file: File) -> dict[str, Any]:
    return {"filename": file.filename, "sha256": file.sha256, "size": file.size}
