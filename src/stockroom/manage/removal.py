"""Removing the rows of files, releases and packages.

A blob that no row names any more is left to the sweeper, which knows when nobody can be reading it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.orm import Session

from stockroom.feed import emit
from stockroom.manage.lookups import releases_of
from stockroom.manage.scopes import team_of
from stockroom.manage.texts import excerpt
from stockroom.models import BurntFilename, File, Package, Registry, Release
from stockroom.policies import RegistryPolicy, read_policy
from stockroom.security.scopes import Scope

BATCH = 500
"""Releases that go with one round of statements."""


class Deleted(NamedTuple):
    """What went: the names of the files, whether they are burnt now, and the size in bytes."""

    files: tuple[str, ...] = ()
    size: int = 0
    burnt: bool = False

    def and_also(self, other: Deleted) -> Deleted:
        """Both together."""
        return Deleted(self.files + other.files, self.size + other.size, self.burnt or other.burnt)


class _Row(NamedTuple):
    release_id: int
    filename: str
    sha256: str
    size: int


class Removal:
    """Removes from packages whose rows the transaction of ``session`` has locked already.

    Raises serials, keeps the sizes of packages, writes events, and burns filenames where the
    registry's setting ``burn_filenames`` is on (U-75).
    """

    def __init__(self, session: Session, actor: str, clock: Callable[[], datetime]) -> None:
        self._session = session
        self._actor = actor
        self._clock = clock

    def drop_file(self, package: Package, file: File, reason: str | None) -> Deleted:
        """Remove a file, and its release if it was the last one."""
        release = self._session.get_one(Release, file.release_id)
        mine = select(func.count(File.id)).where(File.release_id == release.id)
        if self._session.execute(mine).scalar_one() == 1:
            return self.drop_releases(package, [(release, reason)])
        row = _Row(release.id, file.filename, file.sha256, file.size)
        self._emit(
            "file.deleted",
            package,
            version=release.version,
            before=[_remembered(row)],
            after=None,
            reason=reason,
        )
        return self._forget(package, [row], File.id == file.id)

    def drop_releases(
        self, package: Package, dropped: Sequence[tuple[Release, str | None]]
    ) -> Deleted:
        """Remove releases, each for its own reason."""
        deleted = Deleted()
        for start in range(0, len(dropped), BATCH):
            batch = dropped[start : start + BATCH]
            deleted = deleted.and_also(self._drop_batch(package, batch))
        return deleted

    def drop_package(self, package: Package, reason: str | None) -> Deleted:
        """Remove a package with everything in it."""
        releases = releases_of(self._session, package)
        before = {
            "display_name": package.display_name,
            "status": package.status,
            "notes": excerpt(package.notes),
            "releases": len(releases),
        }
        deleted = self.drop_releases(package, [(release, reason) for release in releases])
        before |= {"files": len(deleted.files), "size": deleted.size}
        self._emit("package.deleted", package, before=before, after=None, reason=reason)
        self._session.flush()
        self._session.execute(delete(Package).where(Package.id == package.id))
        return deleted

    def _drop_batch(
        self, package: Package, dropped: Sequence[tuple[Release, str | None]]
    ) -> Deleted:
        ids = [release.id for release, _ in dropped]
        query = select(File.release_id, File.filename, File.sha256, File.size)
        files: dict[int, list[_Row]] = defaultdict(list)
        for row in self._session.execute(
            query.where(File.release_id.in_(ids)).order_by(File.filename)
        ):
            files[row.release_id].append(_Row._make(row))
        for release, reason in dropped:
            self._emit(
                "release.deleted",
                package,
                version=release.version,
                before=[_remembered(row) for row in files[release.id]],
                after=None,
                notes=excerpt(release.notes),
                reason=reason,
            )
        rows = [row for release_id in ids for row in files[release_id]]
        deleted = self._forget(package, rows, File.release_id.in_(ids))
        self._session.execute(delete(Release).where(Release.id.in_(ids)))
        return deleted

    def _forget(
        self, package: Package, rows: Sequence[_Row], which: ColumnElement[bool]
    ) -> Deleted:
        size = sum(row.size for row in rows)
        package.serial += 1
        package.size -= size
        is_burnt = bool(rows) and self._burn(package, rows, which)
        self._session.execute(delete(File).where(which))
        return Deleted(tuple(row.filename for row in rows), size, is_burnt)

    def _burn(self, package: Package, rows: Sequence[_Row], which: ColumnElement[bool]) -> bool:
        registry = self._session.get_one(Registry, package.registry_id)
        if not read_policy(RegistryPolicy, registry.settings).burn_filenames:
            return False
        # A name may be burnt already: by a deletion from before it was published once more, while
        # the setting was off.
        self._session.execute(
            delete(BurntFilename)
            .where(
                BurntFilename.registry_id == registry.id,
                BurntFilename.filename.in_(select(File.filename).where(which)),
            )
            .execution_options(synchronize_session=False)
        )
        now = self._clock()
        burnt = [
            {
                "registry_id": registry.id,
                "filename": row.filename,
                "package": package.name,
                "sha256": row.sha256,
                "deleted_at": now,
                "deleted_by": self._actor,
            }
            for row in rows
        ]
        self._session.execute(insert(BurntFilename), burnt)
        return True

    def _emit(self, kind: str, package: Package, **data: Any) -> None:
        emit(
            self._session,
            kind,
            self._actor,
            team_id=team_of(self._session, Scope("registry", package.registry_id)),
            registry_id=package.registry_id,
            package=package.name,
            **data,
        )


def _remembered(row: _Row) -> dict[str, Any]:
    return {"filename": row.filename, "sha256": row.sha256, "size": row.size}
