"""Filenames that cannot be used again, because their files were deleted (U-75)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from stockroom.feed import emit
from stockroom.manage.lookups import lock_registry
from stockroom.manage.problems import NoSuchPlace
from stockroom.manage.scopes import team_of
from stockroom.manage.texts import is_storable
from stockroom.models import BurntFilename
from stockroom.security.scopes import Scope


class BurntFilenames:
    """Frees filenames in the transaction of ``session``."""

    def __init__(self, session: Session, actor: str) -> None:
        self._session = session
        self._actor = actor

    def lift(self, workspace: str, registry: str, filename: str) -> None:
        """Let ``filename`` be published again, with whatever content.

        :raises NoSuchPlace: there is no such registry, or the name is not burnt there.
        """
        place = lock_registry(self._session, workspace, registry)
        key = {"registry_id": place.id, "filename": filename}
        row = self._session.get(BurntFilename, key) if is_storable(filename) else None
        if row is None:
            raise NoSuchPlace(f"the name {filename} is not burnt in {workspace}/{registry}")
        self._session.delete(row)
        emit(
            self._session,
            "burnt-filename.lifted",
            self._actor,
            team_id=team_of(self._session, Scope("registry", place.id)),
            registry_id=place.id,
            package=row.package,
            before={
                "filename": filename,
                "sha256": row.sha256,
                "deleted_at": row.deleted_at.isoformat(),
                "deleted_by": row.deleted_by,
            },
            after=None,
        )
