"""Deleting files, releases and packages for ever: asked for by somebody who means it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from stockroom.dists import canonical_version, normalize
from stockroom.manage.lookups import find_file, find_release, lock_package
from stockroom.manage.problems import NotConfirmed
from stockroom.manage.removal import Deleted, Removal
from stockroom.manage.texts import clean_reason


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
        self._if_match = if_match
        self._removal = Removal(session, actor, clock)

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
        return self._removal.drop_file(package, file, reason)

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
        is_same = canonical_version(confirm or "") == release.canonical_version
        check_confirmed(confirm, release.version, is_same=is_same)
        return self._removal.drop_releases(package, [(release, reason)])

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
        return self._removal.drop_package(package, reason)


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
