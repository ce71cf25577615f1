"""The first step of signing in: name and password, or somebody whom a login method knows."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from stockroom.accounts import queries
from stockroom.accounts.browser_sessions import BrowserSessions, Started, Visitor
from stockroom.accounts.passwords import Passwords
from stockroom.accounts.problems import SignInRefused
from stockroom.accounts.throttle import Standing, Throttle
from stockroom.db import Database
from stockroom.feed import Origin, emit
from stockroom.models import User
from stockroom.settings import Settings

PASSWORD = "password"
"""The name of the method that needs nobody else."""
REFUSED = "the name or the password is wrong"


class Proved(NamedTuple):
    """Somebody whose password was right a moment ago."""

    user_id: int
    compared: str
    """The hash that the password was compared with."""
    rehashed: str | None
    """Another hash of it, where the old one is not as good as today's."""
    typed: str
    standing: Standing


class Failures:
    """Notes in the audit trail what nobody got in with, in transactions of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, user_id: int | None, by: str, visitor: Visitor) -> None:
        """Note that somebody failed to prove that they are this user, or any user at all."""
        subject = None if user_id is None else f"user:{user_id}"
        with self._database.transaction() as session:
            session.info["origin"] = Origin(None, visitor.address)
            emit(session, "user.sign-in-failed", "anonymous", subject=subject, by=by)


class SignIns:
    """Lets people in who know a password."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        passwords: Passwords,
        throttle: Throttle,
    ) -> None:
        self._database = database
        self._settings = settings
        self._passwords = passwords
        self._throttle = throttle
        self._failures = Failures(database)

    def check(self, name: str, password: str, visitor: Visitor) -> Proved:
        """Compare a password; the way is the same for users that there are not.

        To be called before the caller has a transaction of its own.

        :raises TooManyAttempts: somebody tries too often.
        :raises SignInRefused: name or password is wrong, or the user is disabled.
        """
        typed = name.strip().lower()
        standing = self._throttle.count("sign-in", account=typed, address=visitor.address)
        with self._database.read() as connection:
            account = queries.account_by_name(connection, typed)
        hashed = account.password if account else None
        is_right = self._passwords.verify(hashed, password)
        if account is None or hashed is None or not is_right:
            self._failures.note(account.id if account else None, PASSWORD, visitor)
            raise SignInRefused(REFUSED, standing.headers())
        old = self._passwords.needs_rehash(hashed)
        rehashed = self._passwords.hash(password) if old else None
        return Proved(account.id, hashed, rehashed, typed, standing)

    def enter(self, session: Session, proved: Proved, visitor: Visitor) -> Started:
        """Begin the session of somebody whose password was right.

        :raises SignInRefused: something about the user has changed meanwhile.
        """
        started = BrowserSessions(session, self._settings).begin(
            proved.user_id, PASSWORD, visitor, proved.compared
        )
        self.succeeded(session, proved, visitor)
        return started

    def succeeded(self, session: Session, proved: Proved, visitor: Visitor) -> None:
        """Do what follows from a right password: it counts as no attempt, and is kept as today."""
        if proved.rehashed:
            user = session.get_one(User, proved.user_id, with_for_update=True)
            if user.password == proved.compared:
                user.password = proved.rehashed
        self._throttle.forgive(session, "sign-in", account=proved.typed, address=visitor.address)
