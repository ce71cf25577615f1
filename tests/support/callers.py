"""Users with roles, and credentials of every kind for them, straight from the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from stockroom.manage.grants import Grants
from stockroom.manage.keys import Keys
from stockroom.manage.scopes import find_scope
from stockroom.manage.users import Users
from stockroom.models import ApiKey, BrowserSession, Login
from stockroom.security import keys
from stockroom.security.credentials import SESSION_COOKIES
from stockroom.security.cross_site import token_for
from stockroom.security.permissions import Access, CredentialKind, Role
from stockroom.security.tokens import AccessTokens
from tests.support.site import TestSite

EVER = timedelta(days=30)


@dataclass(frozen=True)
class Credential:
    """A secret, and the row that it is known by: ``key:7``, ``session:9``, ``login:3``."""

    kind: CredentialKind
    secret: str
    row: str

    @property
    def headers(self) -> dict[str, str]:
        """The header in which a client sends it."""
        if self.kind is CredentialKind.SESSION:
            return {
                "Cookie": f"{SESSION_COOKIES[False]}={self.secret}",
                # With which pages of ours send what may change something.
                "X-CSRF-Token": token_for(self.secret),
            }
        return {"Authorization": f"Bearer {self.secret}"}


class Callers:
    """Makes users and their credentials in one transaction on ``site``."""

    def __init__(self, site: TestSite, session: Session) -> None:
        self._session = session
        self._tokens = site.service(AccessTokens)

    def user(self, name: str, *grants: tuple[Role, str]) -> str:
        """The subject of a new user who holds roles on scopes."""
        subject = f"user:{Users(self._session, 'test').create(name).id}"
        for role, scope in grants:
            self.grant(subject, role, scope)
        return subject

    def grant(self, subject: str, role: Role, scope: str) -> None:
        """Give a role."""
        place = find_scope(self._session, scope)
        Grants(self._session, "test").set(subject, role, place, scope)

    def key(
        self,
        subject: str,
        access: Access = Access.ADMIN,
        places: Iterable[str] | None = None,
    ) -> Credential:
        """An API key."""
        scopes = None if places is None else [find_scope(self._session, text) for text in places]
        minted = Keys(self._session, "test").create(
            subject, "a key", access=access, places=scopes, valid_for=EVER
        )
        row = self._session.execute(
            select(ApiKey.id).where(ApiKey.digest == minted.digest)
        ).scalar_one()
        return Credential(CredentialKind.API_KEY, minted.secret, f"key:{row}")

    def browser(self, subject: str) -> Credential:
        """The cookie of a signed-in browser."""
        minted, now = keys.mint(keys.SESSION), datetime.now(UTC)
        row = BrowserSession(
            user_id=int(subject.removeprefix("user:")),
            digest=minted.digest,
            pending=False,
            method="password",
            address="127.0.0.1",
            user_agent="a browser",
            created_at=now,
            confirmed_at=now,
            seen_at=now,
            expires_at=now + EVER,
        )
        self._session.add(row)
        self._session.flush()
        return Credential(CredentialKind.SESSION, minted.secret, f"session:{row.id}")

    def token(self, subject: str, source: Credential | None = None) -> Credential:
        """An access token, got with another credential or else with a login of its own."""
        row = self._login(subject) if source is None else source.row
        secret = self._tokens.mint(subject, row, "acme")
        return Credential(CredentialKind.ACCESS_TOKEN, secret, row)

    def _login(self, subject: str) -> str:
        now = datetime.now(UTC)
        row = Login(
            user_id=int(subject.removeprefix("user:")),
            name="a program",
            address="127.0.0.1",
            created_at=now,
            seen_at=now,
            expires_at=now + EVER,
        )
        self._session.add(row)
        self._session.flush()
        return f"login:{row.id}"
