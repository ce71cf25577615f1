"""Inviting people to a team by a link, which is good for one of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from stockroom.feed import emit
from stockroom.manage.grants import Grants
from stockroom.manage.lookups import lock_team_of
from stockroom.manage.problems import InvitationAccepted, InvitationInvalid, NoSuchPlace
from stockroom.manage.texts import clean_email
from stockroom.models import Invitation
from stockroom.security import keys, queries
from stockroom.security.permissions import ROLE_PERMISSIONS, Permission, Role, is_within
from stockroom.security.scopes import SERVER, Scope

VALID_FOR = timedelta(days=7)


class Invitations:
    """Makes, revokes and accepts invitations in the transaction of ``session``."""

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

    def find(self, secret: str, *, lock: bool = False) -> Invitation:
        """The open invitation of a link.

        :raises InvitationInvalid: it is unknown, used, revoked or over, or whoever made it may
            not give that role any more.
        """
        query = select(Invitation).where(Invitation.digest == keys.digest(secret))
        if lock:
            query = query.with_for_update()
        known = keys.is_well_formed(secret, keys.INVITATION)
        row = self._session.execute(query).scalar_one_or_none() if known else None
        if row is None or row.accepted_at or row.revoked_at or row.expires_at <= self._clock():
            raise InvitationInvalid(
                "this invitation was used or revoked, or is over; ask for a new one"
            )
        if not self._stands(row):
            raise InvitationInvalid("whoever invited you may not do so any more; ask again")
        return row

    def accept(self, secret: str, subject: str, text: str) -> Invitation:
        """Give ``subject``, a user, the role; one who has a higher role already keeps it.

        ``text`` is the place as people write it, for the audit trail.

        :raises InvitationInvalid: see :meth:`find`.
        """
        row = self.find(secret, lock=True)
        scope = Scope(row.scope_kind, row.scope_id)
        lock_team_of(self._session, scope)
        row.accepted_at, row.accepted_by = self._clock(), subject
        grants = Grants(self._session, self._actor, self._clock)
        held = grants.role_of(subject, scope)
        if held is None or is_within(held, Role(row.role)):
            grants.set(subject, Role(row.role), scope, text)
        self._note("invitation.accepted", row, before="open", after="accepted")
        return row

    def _stands(self, row: Invitation) -> bool:
        """Whether who has invited could still do it: a grant may be gone, or the account."""
        if not row.invited_by.startswith(("user:", "robot:")):
            return True
        holder = queries.holder(self._session.connection(), row.invited_by)
        if holder is None:
            return False
        places = (SERVER, Scope(row.scope_kind, row.scope_id))
        return any(
            held.scope in places
            and is_within(Role(row.role), held.role)
            and Permission.MEMBER_CHANGE in ROLE_PERMISSIONS[held.role]
            for held in holder.held
        )

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
