"""Browser sessions: begun, stepped up, confirmed and ended; each step has a secret of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from stockroom.accounts import queries
from stockroom.accounts.problems import ConfirmationNeeded, NoSuchCredential, SignInRefused
from stockroom.db import Database
from stockroom.feed import emit
from stockroom.models import BrowserSession, User
from stockroom.security import keys
from stockroom.security.ending import end_session
from stockroom.settings import Settings

PENDING_MINUTES = 10
"""How long a second factor may take to follow the first."""
CONFIRMED_MINUTES = 15
"""How long a proof of who they are lasts for what is sensitive."""
MAX_AGENT = 255


class Visitor(NamedTuple):
    """From where somebody comes, and with what."""

    address: str
    user_agent: str


class Started(NamedTuple):
    """A session at the only moment at which its secret is known."""

    id: int
    secret: str
    pending: bool
    expires_at: datetime


class BrowserSessions:
    """Changes browser sessions in the transaction of ``session``."""

    def __init__(
        self,
        session: Session,
        settings: Settings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._lasts = timedelta(days=settings.session_days)
        self._clock = clock

    def begin(
        self, user_id: int, method: str, visitor: Visitor, password: str | None = None
    ) -> Started:
        """Begin a session of a user; pending where a second factor has to follow.

        ``password`` is the hash that was compared, if one was.

        :raises SignInRefused: meanwhile the user was disabled, or the password changed.
        """
        user = self._session.get(User, user_id, with_for_update=True)
        if user is None or user.disabled_at is not None:
            raise SignInRefused("this account is disabled")
        if password is not None and user.password != password:
            raise SignInRefused("the password was changed a moment ago; sign in again")
        pending = queries.has_second_factor(self._session.connection(), user_id)
        now = self._clock()
        minted = keys.mint(keys.SESSION)
        row = BrowserSession(
            user_id=user_id,
            digest=minted.digest,
            pending=pending,
            method=method,
            address=visitor.address[:64],
            user_agent=visitor.user_agent[:MAX_AGENT],
            data={},
            created_at=now,
            confirmed_at=now,
            seen_at=now,
            expires_at=now + (timedelta(minutes=PENDING_MINUTES) if pending else self._lasts),
        )
        self._session.add(row)
        self._session.flush()
        if not pending:
            self._signed_in(row)
        return Started(row.id, minted.secret, pending, row.expires_at)

    def step_up(self, session_id: int) -> Started:
        """Make a pending session a full one: its old secret is good for nothing from now on.

        :raises NoSuchCredential: it is over.
        """
        row = self._find(session_id)
        now = self._clock()
        row.pending = False
        row.created_at = row.seen_at = now
        row.expires_at = now + self._lasts
        secret = self._renew(row)
        self._signed_in(row)
        return Started(row.id, secret, False, row.expires_at)

    def confirm(self, session_id: int) -> Started:
        """Note that the user has just proved who they are; the secret is a new one (fixation).

        :raises NoSuchCredential: it is over.
        """
        row = self._find(session_id)
        secret = self._renew(row)
        actor, subject = f"user:{row.user_id}", f"session:{row.id}"
        emit(self._session, "session.confirmed", actor, subject=subject, owner=actor)
        return Started(row.id, secret, False, row.expires_at)

    def need_confirmed(self, session_id: int) -> None:
        """Make sure that the user of a session has proved who they are some minutes ago at most.

        :raises ConfirmationNeeded: that was longer ago.
        """
        if not is_confirmed(self._find(session_id).confirmed_at, self._clock()):
            raise ConfirmationNeeded("confirm first that it is you")

    def remember(self, session_id: int, **data: Any) -> None:
        """Keep what one page has to know of the one before, in the place of what was kept."""
        self._find(session_id).data = data

    def data(self, session_id: int) -> dict[str, Any]:
        """What :meth:`remember` was given last."""
        return self._find(session_id).data

    def end(self, user_id: int, session_id: int, kind: str = "session.revoked") -> None:
        """End a session of a user at once.

        :raises NoSuchCredential: they have no such session.
        """
        row = self._find(session_id)
        if row.user_id != user_id:
            raise _unknown()
        self._end(row, kind)

    def end_others(self, user_id: int, but: int | None) -> int:
        """End all sessions of a user but one; returns how many that were."""
        query = select(BrowserSession).where(
            BrowserSession.user_id == user_id,
            BrowserSession.revoked_at.is_(None),
            BrowserSession.expires_at > self._clock(),
        )
        rows = [row for row in self._session.execute(query).scalars() if row.id != but]
        for row in rows:
            self._end(row)
        return len(rows)

    def _find(self, session_id: int) -> BrowserSession:
        row = self._session.get(BrowserSession, session_id, with_for_update=True)
        if row is None or row.revoked_at is not None or row.expires_at <= self._clock():
            raise _unknown()
        return row

    def _renew(self, row: BrowserSession) -> str:
        minted = keys.mint(keys.SESSION)
        row.digest = minted.digest
        row.confirmed_at = self._clock()
        row.data = {}
        return minted.secret

    def _signed_in(self, row: BrowserSession) -> None:
        actor = f"user:{row.user_id}"
        emit(
            self._session,
            "user.signed-in",
            actor,
            subject=actor,
            method=row.method,
            opened=row.id,
        )

    def _end(self, row: BrowserSession, kind: str = "session.revoked") -> None:
        end_session(self._session, row, f"user:{row.user_id}", self._clock(), kind)


class Visits:
    """Finds the session of a browser, pending ones included, which are no identity yet."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._idle = timedelta(hours=settings.session_idle_hours)
        self._clock = clock

    def find(self, secret: str | None) -> queries.Visit | None:
        """The session with this secret; None if it has ended, or there never was one."""
        if not secret or not keys.is_well_formed(secret, keys.SESSION):
            return None
        now = self._clock()
        with self._database.read() as connection:
            return queries.visit(connection, keys.digest(secret), now, now - self._idle)

    def is_confirmed(self, visit: queries.Visit) -> bool:
        """Whether what is sensitive may be done without asking again."""
        return is_confirmed(visit.confirmed_at, self._clock())

    def all_of(self, user_id: int) -> tuple[list[queries.SessionRow], list[queries.LoginRow]]:
        """The browsers and the programs in which a user is signed in."""
        now = self._clock()
        with self._database.read() as connection:
            browsers = queries.sessions(connection, user_id, now, now - self._idle)
            return list(browsers), list(queries.logins(connection, user_id, now))


def is_confirmed(confirmed_at: datetime, now: datetime) -> bool:
    """Whether a proof of that time is good for what is sensitive now."""
    return now - confirmed_at < timedelta(minutes=CONFIRMED_MINUTES)


def _unknown() -> NoSuchCredential:
    return NoSuchCredential("there is no such session, or it has ended already")
