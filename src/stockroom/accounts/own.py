"""What signed-in people change about their own account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stockroom.accounts import queries
from stockroom.accounts.browser_sessions import BrowserSessions
from stockroom.accounts.problems import NoSuchCredential, NothingToProve, SecurityKeyRefused
from stockroom.accounts.second_factors import make_recovery_codes
from stockroom.accounts.webauthn import NewKey
from stockroom.feed import emit
from stockroom.models import ApiKey, Login, RecoveryCode, SecurityKey, User
from stockroom.security.ending import end_login
from stockroom.settings import Settings

MAX_SECURITY_KEYS = 20
MAX_NAME = 100


class OwnAccount:
    """Changes the account of one user in the transaction of ``session``.

    ``session_id`` is the browser session in which they do it, None where it is by a link.
    """

    def __init__(
        self,
        session: Session,
        settings: Settings,
        user_id: int,
        session_id: int | None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._sessions = BrowserSessions(session, settings, clock)
        self._user_id = user_id
        self._session_id = session_id
        self.now = clock
        self._subject = f"user:{user_id}"

    def set_password(self, hashed: str) -> None:
        """Set the password by its hash; ends all other sessions, and the logins of programs."""
        user = self._user()
        user.password = hashed
        user.password_changed_at = self.now()
        self._emit("user.password-changed")
        self._sessions.end_others(self._user_id, self._session_id)
        self._end_logins()

    def add_totp(self, secret: str, step: int) -> list[str]:
        """Take an authenticator app whose first code was right; returns new recovery codes.

        They are only made with the first factor.

        :raises NothingToProve: there is one already.
        """
        user = self._user()
        if user.totp_secret is not None:
            raise NothingToProve("there is an authenticator app already: remove it first")
        first = not queries.has_second_factor(self._session.connection(), self._user_id)
        user.totp_secret, user.totp_step = secret, step
        self._forget_question()
        self._emit("user.second-factor-added", factor="totp")
        return self.make_recovery_codes() if first else []

    def remove_totp(self) -> None:
        """Do without the authenticator app.

        :raises NothingToProve: there is none.
        """
        user = self._user()
        if user.totp_secret is None:
            raise NothingToProve("there is no authenticator app")
        user.totp_secret = None
        self._emit("user.second-factor-removed", factor="totp")
        self._forget_codes_of_nothing()

    def add_security_key(self, name: str, key: NewKey) -> list[str]:
        """Take a security key; returns new recovery codes with the first factor.

        :raises SecurityKeyRefused: somebody has it already, or there are too many.
        """
        self._user()
        label = name.strip()[:MAX_NAME] or "security key"
        known = select(SecurityKey.id).where(SecurityKey.credential_id == key.credential_id)
        if self._session.execute(known).first():
            raise SecurityKeyRefused("this security key is registered already")
        own = queries.known_keys(self._session.connection(), self._user_id)
        if len(own) >= MAX_SECURITY_KEYS:
            raise SecurityKeyRefused(f"at most {MAX_SECURITY_KEYS} security keys can be added")
        first = not queries.has_second_factor(self._session.connection(), self._user_id)
        self._session.add(
            SecurityKey(
                user_id=self._user_id,
                name=label,
                credential_id=key.credential_id,
                data=key.data,
                sign_count=key.sign_count,
                created_at=self.now(),
            )
        )
        self._session.flush()
        self._forget_question()
        self._emit("user.second-factor-added", factor="security-key", name=label)
        return self.make_recovery_codes() if first else []

    def remove_security_key(self, key_id: int) -> None:
        """Do without a security key.

        :raises NoSuchCredential: the user has no such key.
        """
        self._user()
        row = self._session.get(SecurityKey, key_id)
        if row is None or row.user_id != self._user_id:
            raise NoSuchCredential("there is no such security key")
        self._session.delete(row)
        self._session.flush()
        self._emit("user.second-factor-removed", factor="security-key", name=row.name)
        self._forget_codes_of_nothing()

    def make_recovery_codes(self) -> list[str]:
        """Make new recovery codes in the place of the old ones.

        :raises NothingToProve: there is no second factor that they could stand in for.
        """
        self._user()
        if not queries.has_second_factor(self._session.connection(), self._user_id):
            raise NothingToProve("add an authenticator app or a security key first")
        codes = make_recovery_codes(self._session, self._user_id)
        self._emit("user.recovery-codes-made")
        return codes

    def need_key(self, key_id: int) -> None:
        """Make sure that an API key is the user's own.

        :raises NoSuchCredential: it is not.
        """
        row = self._session.get(ApiKey, key_id)
        if row is None or row.subject != self._subject:
            raise NoSuchCredential("there is no such key")

    def _end_logins(self) -> None:
        query = select(Login).where(Login.user_id == self._user_id, Login.revoked_at.is_(None))
        for row in self._session.execute(query).scalars():
            end_login(self._session, row, self._subject, self.now(), reason="another password")

    def _forget_question(self) -> None:
        """What was proposed or asked is answered, and good for nothing else."""
        if self._session_id is not None:
            self._sessions.remember(self._session_id)

    def _forget_codes_of_nothing(self) -> None:
        self._session.flush()
        if not queries.has_second_factor(self._session.connection(), self._user_id):
            of_user = RecoveryCode.user_id == self._user_id
            self._session.execute(delete(RecoveryCode).where(of_user))

    def _user(self) -> User:
        return self._session.get_one(User, self._user_id, with_for_update=True)

    def _emit(self, kind: str, **data: Any) -> None:
        emit(self._session, kind, self._subject, subject=self._subject, **data)
