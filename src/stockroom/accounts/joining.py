"""Links that are handed to people: invitations, and those with which a user sets a password."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from stockroom.accounts import queries
from stockroom.accounts.problems import LinkOver
from stockroom.db import Database
from stockroom.feed import emit
from stockroom.models import Invitation
from stockroom.security import keys
from stockroom.security.permissions import ROLE_PERMISSIONS, Permission, Role, is_within
from stockroom.security.queries import holder as holder_of
from stockroom.security.scopes import SERVER, Scope

USER = "user"
"""The kind of scope of a link with which the user ``scope_id`` sets a password."""
LIFETIME = timedelta(hours=24)
OVER = "this link is unknown, was used already, or is too old; ask for a new one"


class Links:
    """Makes and takes links in the transaction of ``session``; each is good for one time."""

    def __init__(
        self,
        session: Session,
        actor: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._actor = actor
        self._clock = clock

    def for_password(self, user_id: int) -> str:
        """The secret of a link with which a user sets a password; older ones are over."""
        older = (
            update(Invitation)
            .where(
                Invitation.scope_kind == USER,
                Invitation.scope_id == user_id,
                Invitation.accepted_at.is_(None),
                Invitation.revoked_at.is_(None),
            )
            .values(revoked_at=self._clock())
        )
        self._session.execute(older)
        return self._make(USER, user_id, "")

    def for_first_owner(self) -> str:
        """The secret of a link with which somebody becomes a user that owns the server."""
        return self._make("server", 0, "owner")

    def take(self, secret: str, accepted_by: str) -> queries.Link:
        """Use a link up, for the user ``accepted_by``, a subject.

        :raises LinkOver: it cannot be followed any more.
        """
        query = select(Invitation).where(Invitation.digest == keys.digest(secret)).with_for_update()
        row = self._session.execute(query).scalar_one_or_none()
        now = self._clock()
        link = queries.link(self._session.connection(), keys.digest(secret), now)
        if row is None or link is None or not _stands(self._session.connection(), link):
            raise LinkOver(OVER)
        row.accepted_at, row.accepted_by = now, accepted_by
        emit(
            self._session,
            "invitation.accepted",
            accepted_by,
            team_id=link.scope_id if link.scope_kind == "team" else None,
            subject=accepted_by,
            invitation=link.id,
            role=link.role,
            before="open",
            after="accepted",
        )
        return link

    def _make(self, kind: str, id_: int, role: str) -> str:
        minted = keys.mint(keys.INVITATION)
        now = self._clock()
        self._session.add(
            Invitation(
                digest=minted.digest,
                scope_kind=kind,
                scope_id=id_,
                role=role,
                invited_by=self._actor,
                created_at=now,
                expires_at=now + LIFETIME,
            )
        )
        subject = f"user:{id_}" if kind == USER else None
        emit(self._session, "invitation.created", self._actor, subject=subject, role=role)
        return minted.secret


def find_link(
    database: Database, secret: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> queries.Link:
    """The link with this secret, as it is now.

    :raises LinkOver: it cannot be followed any more.
    """
    if not keys.is_well_formed(secret, keys.INVITATION):
        raise LinkOver(OVER)
    with database.read() as connection:
        found = queries.link(connection, keys.digest(secret), clock())
        if found is None or not _stands(connection, found):
            raise LinkOver(OVER)
    return found


def _stands(connection: Connection, link: queries.Link) -> bool:
    """Whether who has invited could still do it: a role may be lower now, or the account gone."""
    if link.scope_kind == USER or not link.invited_by.startswith(("user:", "robot:")):
        return True
    holder = holder_of(connection, link.invited_by)
    if holder is None:
        return False
    places = (SERVER, Scope(link.scope_kind, link.scope_id))
    role = Role(link.role)
    return any(
        held.scope in places
        and is_within(role, held.role)
        and Permission.MEMBER_CHANGE in ROLE_PERMISSIONS[held.role]
        for held in holder.held
    )
