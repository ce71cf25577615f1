"""Inviting people to a team by a link, which is good for one of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from stockroom.feed import emit
from stockroom.manage.problems import InvitationAccepted, NoSuchPlace
from stockroom.manage.texts import clean_email
from stockroom.models import Invitation
from stockroom.security import keys
from stockroom.security.permissions import Role
from stockroom.security.scopes import Scope

VALID_FOR = timedelta(days=7)


class Invitations:
    """Makes and revokes invitations in the transaction of ``session``."""

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
        self, scope: Scope, role: Role, email: str | None = None
    ) -> tuple[Invitation, keys.NewKey]:
        """Invite somebody to a team, or to the server; the secret of the link is known only now.

        :raises InvalidText: the e-mail address cannot be one.
        """
        minted = keys.mint(keys.INVITATION)
        now = self._clock()
        row = Invitation(
            digest=minted.digest,
            scope_kind=scope.kind,
            scope_id=scope.id,
            role=role,
            email=clean_email(email),
            invited_by=self._actor,
            created_at=now,
            expires_at=now + VALID_FOR,
        )
        self._session.add(row)
        self._session.flush()
        self._note("invitation.created", row, before=None, after="open")
        return row, minted

    def revoke(self, scope: Scope, number: int) -> None:
        """Make a link useless; doing it twice changes nothing.

        :raises NoSuchPlace: there is no such invitation to that place.
        :raises InvitationAccepted: somebody has accepted it.
        """
        row = self._session.get(Invitation, number, with_for_update=True)
        if row is None or (row.scope_kind, row.scope_id) != (scope.kind, scope.id):
            raise NoSuchPlace(f"there is no invitation {number} here")
        if row.accepted_at is not None:
            raise InvitationAccepted("somebody has accepted it already; remove the member instead")
        if row.revoked_at is None:
            row.revoked_at = self._clock()
            self._note("invitation.revoked", row, before="open", after="revoked")

    def _note(self, kind: str, row: Invitation, *, before: str | None, after: str) -> None:
        emit(
            self._session,
            kind,
            self._actor,
            team_id=row.scope_id if row.scope_kind == "team" else None,
            invitation=row.id,
            role=row.role,
            before=before,
            after=after,
        )
