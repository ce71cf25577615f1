"""Reading accounts, and counting attempts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import zope.sqlalchemy
from sqlalchemy import Connection, case, delete, exists, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from stockroom.models import (
    ApiKey,
    Attempts,
    BrowserSession,
    Invitation,
    Login,
    RecoveryCode,
    SecurityKey,
    User,
)

CLEANED_AT_ONCE = 1000


class Account(NamedTuple):
    """A user who is not disabled, as signing in needs to know them."""

    id: int
    name: str
    password: str | None
    totp_secret: str | None
    totp_step: int


class Visit(NamedTuple):
    """A browser session that has not ended, full or pending."""

    id: int
    user_id: int
    pending: bool
    data: dict[str, Any]
    confirmed_at: datetime


class KnownKey(NamedTuple):
    """A security key as it is needed to prove something with it."""

    id: int
    data: str
    sign_count: int


class KeyRow(NamedTuple):
    """A security key as its owner sees it."""

    id: int
    name: str
    created_at: datetime
    used_at: datetime | None


class SessionRow(NamedTuple):
    """A browser session as its owner sees it."""

    id: int
    method: str
    address: str
    user_agent: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class LoginRow(NamedTuple):
    """A signed-in program as its owner sees it."""

    id: int
    name: str
    address: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class ApiKeyRow(NamedTuple):
    """An API key as its owner sees it; ``places`` are scopes, None is everywhere."""

    id: int
    name: str
    hint: str
    access: str
    places: list[list[Any]] | None
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    used_from: str | None


class Factors(NamedTuple):
    """What a user can prove with who they are."""

    password: bool
    totp: bool
    keys: tuple[KeyRow, ...]
    codes_left: int

    @property
    def second(self) -> bool:
        """Whether there is a second factor, without which nobody gets in."""
        return self.totp or bool(self.keys)


class Link(NamedTuple):
    """An invitation, or a link with which a user sets a password, that is good at present."""

    id: int
    scope_kind: str
    scope_id: int
    role: str
    email: str | None
    invited_by: str


_ACCOUNT = select(User.id, User.name, User.password, User.totp_secret, User.totp_step).where(
    User.disabled_at.is_(None)
)


def account_by_name(connection: Connection, name: str) -> Account | None:
    """The user of that name; None if there is none, or they are disabled."""
    row = connection.execute(_ACCOUNT.where(User.name == name)).one_or_none()
    return Account._make(row) if row else None


def account_by_id(connection: Connection, id_: int) -> Account | None:
    """The user with that id; None if there is none, or they are disabled."""
    row = connection.execute(_ACCOUNT.where(User.id == id_)).one_or_none()
    return Account._make(row) if row else None


def visit(connection: Connection, digest: str, now: datetime, idle_since: datetime) -> Visit | None:
    """The browser session with this digest, if it has not ended."""
    query = select(
        BrowserSession.id,
        BrowserSession.user_id,
        BrowserSession.pending,
        BrowserSession.data,
        BrowserSession.confirmed_at,
    ).where(
        BrowserSession.digest == digest,
        BrowserSession.revoked_at.is_(None),
        BrowserSession.expires_at > now,
        BrowserSession.seen_at > idle_since,
    )
    row = connection.execute(query).one_or_none()
    return Visit._make(row) if row else None


def factors(connection: Connection, user_id: int) -> Factors:
    """What a user has set up."""
    user = select(User.password, User.totp_secret).where(User.id == user_id)
    password, totp_secret = connection.execute(user).one()
    keys = (
        select(SecurityKey.id, SecurityKey.name, SecurityKey.created_at, SecurityKey.used_at)
        .where(SecurityKey.user_id == user_id)
        .order_by(SecurityKey.id)
    )
    codes = select(RecoveryCode.id).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    return Factors(
        password=password is not None,
        totp=totp_secret is not None,
        keys=tuple(KeyRow._make(row) for row in connection.execute(keys)),
        codes_left=len(connection.execute(codes).all()),
    )


def has_second_factor(connection: Connection, user_id: int) -> bool:
    """Whether a password alone does not let this user in."""
    query = select(User.totp_secret, exists().where(SecurityKey.user_id == user_id)).where(
        User.id == user_id
    )
    secret, has_key = connection.execute(query).one()
    return secret is not None or has_key


def known_keys(connection: Connection, user_id: int) -> Sequence[KnownKey]:
    """The security keys of a user."""
    query = select(SecurityKey.id, SecurityKey.data, SecurityKey.sign_count).where(
        SecurityKey.user_id == user_id
    )
    return [KnownKey._make(row) for row in connection.execute(query)]


def has_code(connection: Connection, user_id: int, digest: str) -> bool:
    """Whether a recovery code is good, still."""
    query = select(RecoveryCode.id).where(
        RecoveryCode.user_id == user_id,
        RecoveryCode.digest == digest,
        RecoveryCode.used_at.is_(None),
    )
    return connection.execute(query).first() is not None


def sessions(
    connection: Connection, user_id: int, now: datetime, idle_since: datetime
) -> Sequence[SessionRow]:
    """The browsers in which a user is signed in, the one used last first."""
    query = (
        select(
            BrowserSession.id,
            BrowserSession.method,
            BrowserSession.address,
            BrowserSession.user_agent,
            BrowserSession.created_at,
            BrowserSession.seen_at,
            BrowserSession.expires_at,
        )
        .where(
            BrowserSession.user_id == user_id,
            BrowserSession.pending.is_(False),
            BrowserSession.revoked_at.is_(None),
            BrowserSession.expires_at > now,
            BrowserSession.seen_at > idle_since,
        )
        .order_by(BrowserSession.seen_at.desc(), BrowserSession.id.desc())
    )
    return [SessionRow._make(row) for row in connection.execute(query)]


def logins(connection: Connection, user_id: int, now: datetime) -> Sequence[LoginRow]:
    """The programs in which a user is signed in, the one used last first."""
    query = (
        select(
            Login.id, Login.name, Login.address, Login.created_at, Login.seen_at, Login.expires_at
        )
        .where(Login.user_id == user_id, Login.revoked_at.is_(None), Login.expires_at > now)
        .order_by(Login.seen_at.desc(), Login.id.desc())
    )
    return [LoginRow._make(row) for row in connection.execute(query)]


def api_keys(connection: Connection, subject: str) -> Sequence[ApiKeyRow]:
    """The API keys of a user or robot that are not revoked, the newest first."""
    query = (
        select(
            ApiKey.id,
            ApiKey.name,
            ApiKey.hint,
            ApiKey.access,
            ApiKey.places,
            ApiKey.created_at,
            ApiKey.expires_at,
            ApiKey.used_at,
            ApiKey.used_from,
        )
        .where(ApiKey.subject == subject, ApiKey.revoked_at.is_(None))
        .order_by(ApiKey.id.desc())
    )
    return [ApiKeyRow._make(row) for row in connection.execute(query)]


def link(connection: Connection, digest: str, now: datetime) -> Link | None:
    """The invitation with this digest, if it can be followed."""
    query = select(
        Invitation.id,
        Invitation.scope_kind,
        Invitation.scope_id,
        Invitation.role,
        Invitation.email,
        Invitation.invited_by,
    ).where(
        Invitation.digest == digest,
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > now,
    )
    row = connection.execute(query).one_or_none()
    return Link._make(row) if row else None


def count_up(session: Session, key: str, now: datetime, ends_at: datetime) -> tuple[int, datetime]:
    """Count an attempt; returns how many there were in this window, and when it ends.

    The row stays locked until the end of the transaction, whoever made it.
    """
    insert = postgresql.insert if _is_postgresql(session) else sqlite.insert
    statement = insert(Attempts).values(key=key, count=1, ends_at=ends_at)
    is_over = Attempts.ends_at <= now
    counting = statement.on_conflict_do_update(
        index_elements=[Attempts.key],
        set_={
            "count": case((is_over, 1), else_=Attempts.count + 1),
            "ends_at": case((is_over, statement.excluded.ends_at), else_=Attempts.ends_at),
        },
    ).returning(Attempts.count, Attempts.ends_at)
    count, ends = session.connection().execute(counting).one()
    zope.sqlalchemy.mark_changed(session)
    return count, ends


def count_down(session: Session, key: str) -> None:
    """Take one attempt off."""
    statement = (
        update(Attempts)
        .where(Attempts.key == key, Attempts.count > 0)
        .values(count=Attempts.count - 1)
    )
    session.connection().execute(statement)
    zope.sqlalchemy.mark_changed(session)


def forget_attempts(session: Session, now: datetime) -> None:
    """Delete what was counted in windows that have ended; what others count now is left alone."""
    over = (
        select(Attempts.key)
        .where(Attempts.ends_at <= now)
        .limit(CLEANED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    session.connection().execute(delete(Attempts).where(Attempts.key.in_(over)))
    zope.sqlalchemy.mark_changed(session)


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
