"""Signing out browsers and programs from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from stockroom.manage.problems import NoSuchPlace
from stockroom.models import BrowserSession, Login
from stockroom.security.ending import end_login, end_session


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
        id_ = int(number) if is_number else 0
        if kind == "session":
            opened = self._session.get(BrowserSession, id_, with_for_update=True)
            if opened is not None and opened.user_id == user_id:
                return end_session(self._session, opened, self._actor, self._clock())
        elif kind == "login":
            login = self._session.get(Login, id_, with_for_update=True)
            if login is not None and login.user_id == user_id:
                now = self._clock()
                return end_login(self._session, login, self._actor, now, reason="signed out")
        raise NoSuchPlace(f"you are signed in nowhere that is called {text}")
