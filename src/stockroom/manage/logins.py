"""Signing out browsers and programs from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from stockroom.feed import emit
from stockroom.manage.problems import NoSuchPlace
from stockroom.models import BrowserSession, Login


class Logins:
    """Ends the sessions of a user in the transaction of ``session``."""

    def __init__(
        self,
        session: Session,
        actor: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._actor = actor
        self._clock = clock

    def revoke(self, user_id: int | None, text: str) -> None:
        """Sign out what ``text`` names, ``session:ID`` or ``login:ID``; twice changes nothing.

        ``user_id`` is None for a robot, which is signed in nowhere.

        :raises NoSuchPlace: the user is signed in nowhere of that name.
        """
        kind, _, number = text.partition(":")
        is_number = number.isascii() and number.isdigit() and len(number) < 19
        row: BrowserSession | Login | None = None
        if is_number and kind == "session":
            row = self._session.get(BrowserSession, int(number), with_for_update=True)
        elif is_number and kind == "login":
            row = self._session.get(Login, int(number), with_for_update=True)
        if row is None or row.user_id != user_id:
            raise NoSuchPlace(f"you are signed in nowhere that is called {text}")
        if row.revoked_at is None:
            row.revoked_at = self._clock()
            emit(
                self._session,
                f"{kind}.revoked",
                self._actor,
                subject=text,
                before={"revoked": False},
                after={"revoked": True},
            )
