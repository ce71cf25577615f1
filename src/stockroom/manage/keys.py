"""Making and revoking API keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from stockroom.feed import emit
from stockroom.manage.grants import Grants
from stockroom.manage.problems import NoSuchPlace
from stockroom.manage.robots import Robots
from stockroom.manage.scopes import find_scope, team_of
from stockroom.models import ApiKey, Robot
from stockroom.security import keys
from stockroom.security.permissions import Access, Role
from stockroom.security.scopes import Scope

VALIDITIES = (7, 14, 30, 90, 365)
"""Days for which keys are offered; the last is the usual one."""


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
        self,
        owner: str,
        name: str,
        *,
        access: Access,
        places: Sequence[Scope] | None,
        valid_for: timedelta | None,
        team_id: int | None = None,
    ) -> keys.NewKey:
        """Create a key of ``owner``, a subject; the secret is known only now.

        It may do what its owner may at each of its uses, but no more than ``access``, and nothing
        outside of ``places``. ``team_id`` is the team in whose audit trail it stands.
        """
        minted = keys.mint()
        now = self._clock()
        row = ApiKey(
            subject=owner,
            name=name,
            access=access,
            places=None if places is None else [list(place) for place in places],
            digest=minted.digest,
            hint=minted.hint,
            created_at=now,
            created_by=self._actor,
            expires_at=now + valid_for if valid_for else None,
        )
        self._session.add(row)
        self._session.flush()
        emit(
            self._session,
            "key.created",
            self._actor,
            team_id=team_id,
            subject=f"key:{row.id}",
            owner=owner,
            name=name,
            access=access,
            places=row.places,
        )
        return minted

    def create_with_robot(
        self, name: str, *, role: str, scope: str, valid_for: timedelta | None = None
    ) -> keys.NewKey:
        """Create a robot that holds ``role`` on ``scope``, and a key for it.

        :raises InvalidScope: the scope is written wrongly.
        :raises NoSuchPlace: the scope names nothing.
        """
        place = find_scope(self._session, scope)
        team_id = team_of(self._session, place)
        suffix = keys.mint().digest[:12]
        robot = Robots(self._session, self._actor, self._clock).create(
            team_id, f"robot-{suffix}", description=name
        )
        subject = f"robot:{robot.id}"
        Grants(self._session, self._actor, self._clock).set(subject, Role(role), place, scope)
        return self.create(
            subject, name, access=Access.ADMIN, places=None, valid_for=valid_for, team_id=team_id
        )

    def revoke(self, key_id: int) -> None:
        """Make a key useless from the next request on; doing it twice changes nothing.

        :raises NoSuchPlace: there is no such key.
        """
        row = self._session.get(ApiKey, key_id)
        if row is None:
            raise NoSuchPlace(f"there is no key {key_id}; `stockroom key list` shows all")
        if row.revoked_at is None:
            row.revoked_at = self._clock()
            emit(
                self._session,
                "key.revoked",
                self._actor,
                team_id=self._team_of(row.subject),
                subject=f"key:{key_id}",
                owner=row.subject,
                name=row.name,
            )

    def _team_of(self, subject: str) -> int | None:
        kind, _, number = subject.partition(":")
        robot = self._session.get(Robot, int(number)) if kind == "robot" else None
        return robot.team_id if robot else None
