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
from stockroom.manage.texts import clean_line
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
        not_after: datetime | None = None,
    ) -> keys.NewKey:
        """Create a key of ``owner``, a subject; the secret is known only now.

        It may do what its owner may at each of its uses, but no more than ``access``, and nothing
        outside of ``places``; it ends no later than ``not_after``. ``team_id`` is the team in
        whose audit trail it stands.

        :raises InvalidText: the name is no line of text.
        """
        minted = keys.mint()
        now = self._clock()
        ends = [now + valid_for] if valid_for else []
        row = ApiKey(
            subject=owner,
            name=clean_line(name, "the name"),
            access=access,
            places=None if places is None else [list(place) for place in places],
            digest=minted.digest,
            hint=minted.hint,
            created_at=now,
            created_by=self._actor,
            expires_at=min([*ends, *([not_after] if not_after else [])], default=None),
        )
        self._session.add(row)
        self._session.flush()
        after = {
            "access": access,
            "places": row.places,
            "expires_at": row.expires_at.isoformat() if row.expires_at else None,
        }
        emit(
            self._session,
            "key.created",
            self._actor,
            team_id=team_id,
            subject=f"key:{row.id}",
            owner=owner,
            name=row.name,
            before=None,
            after=after,
        )
        return minted

    def create_with_robot(
        self, name: str, *, role: str, scope: str, valid_for: timedelta | None = None
    ) -> keys.NewKey:
        """Create a robot that holds ``role`` on ``scope``, and a key for it.

        :raises InvalidScope: the scope is written wrongly.
        :raises InvalidText: the name is no line of text.
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

    def revoke(self, key_id: int, owner: str | None = None) -> None:
        """Make a key useless from the next request on; doing it twice changes nothing.

        :raises NoSuchPlace: there is no such key, or it is not one of ``owner``, a subject.
        """
        row = self._session.get(ApiKey, key_id, with_for_update=True)
        if row is None or owner not in (None, row.subject):
            raise NoSuchPlace(f"there is no key {key_id}")
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
                before={"revoked": False},
                after={"revoked": True},
            )

    def _team_of(self, subject: str) -> int | None:
        kind, _, number = subject.partition(":")
        robot = self._session.get(Robot, int(number)) if kind == "robot" else None
        return robot.team_id if robot else None
