"""The life of a package after its upload: status, yanking, notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from stockroom.feed import emit
from stockroom.manage.lookups import files_of, find_file, find_release, lock_package
from stockroom.manage.scopes import team_of
from stockroom.manage.texts import clean_notes, clean_reason, excerpt
from stockroom.models import File, Package
from stockroom.security.scopes import Scope

STATUSES = ("active", "archived", "deprecated", "quarantined")
"""What a package can be (PEP 792)."""


class Packages:
    """Changes packages in the transaction of ``session``.

    Each change raises the package's serial and writes an event; what is as it should be already
    is left alone, so that everything may be done twice. All methods raise NoSuchPlace where there
    is nothing of that name, and PreconditionFailed if the package's state is none of those that
    ``if_match`` (the value of an If-Match header) names.
    """

    def __init__(self, session: Session, actor: str, if_match: str | None = None) -> None:
        self._session = session
        self._actor = actor
        self._if_match = if_match

    def set_status(
        self, workspace: str, registry: str, name: str, status: str, reason: str | None
    ) -> None:
        """Make a package active, archived, deprecated or quarantined (S-44, S-60).

        :raises InvalidText: see :func:`clean_reason`.
        """
        reason = clean_reason(reason)
        package = self._lock(workspace, registry, name)
        if (package.status, package.status_reason) == (status, reason):
            return
        before, reason_before = package.status, package.status_reason
        package.status, package.status_reason = status, reason
        self._changed(
            "package.status-changed",
            package,
            before=before,
            after=status,
            reason_before=reason_before,
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
        """Yank or unyank all files of a release; they stay downloadable (S-63).

        Returns how many files that changed; 0 if all were so already. ``version`` may be written
        in any way that PEP 440 takes for the same (1.0 and 1.0.0).

        :raises InvalidText: see :func:`clean_reason`.
        """
        package = self._lock(workspace, registry, name)
        release = find_release(self._session, package, version)
        return self._yank(
            "release",
            package,
            files_of(self._session, release.id),
            yanked=yanked,
            reason=reason,
            version=release.version,
        )

    def set_file_yanked(
        self,
        workspace: str,
        registry: str,
        name: str,
        filename: str,
        *,
        yanked: bool,
        reason: str | None = None,
    ) -> int:
        """Yank or unyank one file (S-48). Returns how many files that changed: 1, or 0.

        :raises InvalidText: see :func:`clean_reason`.
        """
        package = self._lock(workspace, registry, name)
        file = find_file(self._session, package, filename)
        return self._yank("file", package, [file], yanked=yanked, reason=reason)

    def set_notes(self, workspace: str, registry: str, name: str, notes: str | None) -> None:
        """Replace the notes on a package, in Markdown; None and "" remove them.

        :raises InvalidText: see :func:`clean_notes`.
        """
        notes = clean_notes(notes)
        package = self._lock(workspace, registry, name)
        if package.notes != notes:
            before, package.notes = excerpt(package.notes), notes
            self._changed("package.notes-changed", package, before=before, after=excerpt(notes))

    def set_release_notes(
        self, workspace: str, registry: str, name: str, version: str, notes: str | None
    ) -> None:
        """Replace the notes on a release, in Markdown; None and "" remove them.

        :raises InvalidText: see :func:`clean_notes`.
        """
        notes = clean_notes(notes)
        package = self._lock(workspace, registry, name)
        release = find_release(self._session, package, version)
        if release.notes != notes:
            before, release.notes = excerpt(release.notes), notes
            self._changed(
                "release.notes-changed",
                package,
                version=release.version,
                before=before,
                after=excerpt(notes),
            )

    def _yank(
        self,
        thing: str,
        package: Package,
        files: Sequence[File],
        *,
        yanked: bool,
        reason: str | None,
        **data: Any,
    ) -> int:
        reason = clean_reason(reason)
        wanted = (yanked, reason if yanked else None)
        touched = [file for file in files if (file.yanked, file.yanked_reason) != wanted]
        if touched:
            before = {file.filename: _marker(file) for file in touched}
            for file in touched:
                file.yanked, file.yanked_reason = wanted
            after = {file.filename: _marker(file) for file in touched}
            kind = f"{thing}.yanked" if yanked else f"{thing}.unyanked"
            self._changed(kind, package, **data, before=before, after=after, reason=reason)
        return len(touched)

    def _lock(self, workspace: str, registry: str, name: str) -> Package:
        package = lock_package(self._session, workspace, registry, name, self._if_match)
        # What this transaction does next, it does to the state that it has made itself.
        self._if_match = None
        return package

    def _changed(self, kind: str, package: Package, **data: Any) -> None:
        package.serial += 1
        emit(
            self._session,
            kind,
            self._actor,
            team_id=team_of(self._session, Scope("registry", package.registry_id)),
            registry_id=package.registry_id,
            package=package.name,
            **data,
        )


def _marker(file: File) -> bool | str:
    """Whether a file is yanked, in the way of the index (S-48)."""
    return (file.yanked_reason or True) if file.yanked else False
