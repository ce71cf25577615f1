"""Making and revoking API keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from stockroom.feed import emit
from stockroom.manage.problems import SCOPE_HELP, InvalidScope, NoSuchPlace
from stockroom.models import ApiKey, Grant, Registry, Team, View, Workspace
from stockroom.security import keys

SERVER_SCOPE = "*"
TEAM_PREFIX = "team:"


class Keys:
    """Creates and revokes API keys in the transaction of ``session``."""

    def __init__(
        self,
        session: Session,
        actor: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._actor = actor
        self._clock = clock

    def create(
        self, name: str, *, role: str, scope: str, valid_for: timedelta | None = None
    ) -> keys.NewKey:
        """Create a key that holds ``role`` on ``scope``; the secret is known only now.

        :raises InvalidScope: the scope is written wrongly.
        :raises NoSuchPlace: the scope names nothing.
        """
        scope_kind, scope_id = self._find_scope(scope)
        minted = keys.mint()
        now = self._clock()
        row = ApiKey(
            name=name,
            digest=minted.digest,
            hint=minted.hint,
            created_at=now,
            expires_at=now + valid_for if valid_for else None,
        )
        self._session.add(row)
        self._session.flush()
        subject = f"key:{row.id}"
        self._session.add(
            Grant(
                subject=subject,
                role=role,
                scope_kind=scope_kind,
                scope_id=scope_id,
                created_at=now,
            )
        )
        emit(
            self._session,
            "key.created",
            self._actor,
            subject=subject,
            name=name,
            role=role,
            scope=scope,
        )
        return minted

    def revoke(self, key_id: int) -> None:
        """Make a key useless from the next request on; doing it twice changes nothing.

        :raises NoSuchPlace: there is no such key.
        """
        row = self._session.get(ApiKey, key_id)
        if row is None:
            raise NoSuchPlace(f"there is no key {key_id}; `stockroom key list` shows all")
        if row.revoked_at is None:
            row.revoked_at = self._clock()
            emit(self._session, "key.revoked", self._actor, subject=f"key:{key_id}", name=row.name)

    def _find_scope(self, scope: str) -> tuple[str, int]:
        if scope == SERVER_SCOPE:
            return "server", 0
        if scope.startswith(TEAM_PREFIX):
            team = select(Team.id).where(Team.name == scope.removeprefix(TEAM_PREFIX))
            return "team", self._need(scope, self._session.execute(team).scalar())
        workspace, slash, name = scope.partition("/")
        found = select(Workspace.id).where(Workspace.name == workspace)
        workspace_id = self._need(scope, self._session.execute(found).scalar())
        if not slash:
            return "workspace", workspace_id
        if not name or "/" in name:
            raise InvalidScope(f"the scope {scope!r} must be {SCOPE_HELP}")
        registry = select(Registry.id).where(
            Registry.workspace_id == workspace_id, Registry.name == name
        )
        registry_id = self._session.execute(registry).scalar()
        if registry_id is not None:
            return "registry", registry_id
        view = select(View.id).where(View.workspace_id == workspace_id, View.name == name)
        return "view", self._need(scope, self._session.execute(view).scalar())

    @staticmethod
    def _need(scope: str, found: int | None) -> int:
        if found is None:
            raise NoSuchPlace(f"the scope {scope} names nothing that exists ({SCOPE_HELP})")
        return found
