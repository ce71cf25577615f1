"""Reading identities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, select
from sqlalchemy.orm import InstrumentedAttribute

from stockroom.models import ApiKey, BrowserSession, Grant, Login, Robot, SigningKey, User
from stockroom.security.identity import Held
from stockroom.security.permissions import Access, Role
from stockroom.security.scopes import Scope


class KeyRow(NamedTuple):
    """An API key that is not revoked."""

    id: int
    subject: str
    access: Access
    places: tuple[Scope, ...] | None
    expires_at: datetime | None


class LoginRow(NamedTuple):
    """A browser session or the login of a program that has not ended."""

    id: int
    subject: str
    expires_at: datetime


class Holder(NamedTuple):
    """A user or robot that is not disabled, with everything that was granted to it."""

    name: str
    held: tuple[Held, ...]


class SigningKeyRow(NamedTuple):
    """A key that signs access tokens, or has signed some that may still be valid."""

    kid: str
    private: str
    signs_until: datetime
    trusted_until: datetime


def key_by_digest(connection: Connection, digest: str) -> KeyRow | None:
    """The key with this digest; None if it is revoked or unknown."""
    return _key(connection, _KEYS.where(ApiKey.digest == digest))


def key_by_id(connection: Connection, id_: int) -> KeyRow | None:
    """The key with this id; None if it is revoked or unknown."""
    return _key(connection, _KEYS.where(ApiKey.id == id_))


def session_by_digest(connection: Connection, digest: str, idle_since: datetime) -> LoginRow | None:
    """The browser session with this digest, if it was used after ``idle_since``."""
    query = select(BrowserSession.id, BrowserSession.user_id, BrowserSession.expires_at).where(
        BrowserSession.digest == digest,
        BrowserSession.revoked_at.is_(None),
        BrowserSession.pending.is_(False),
        BrowserSession.seen_at > idle_since,
    )
    row = connection.execute(query).one_or_none()
    return LoginRow(row[0], f"user:{row[1]}", row[2]) if row else None


def login_by_id(connection: Connection, id_: int) -> LoginRow | None:
    """The login of a program with this id; None if it is revoked or unknown."""
    query = select(Login.id, Login.user_id, Login.expires_at).where(
        Login.id == id_, Login.revoked_at.is_(None)
    )
    row = connection.execute(query).one_or_none()
    return LoginRow(row[0], f"user:{row[1]}", row[2]) if row else None


def holder(connection: Connection, subject: str) -> Holder | None:
    """A user or robot with its grants; None if there is none, or it is disabled."""
    kind, _, number = subject.partition(":")
    name, is_it = _holder(kind, int(number))
    query = (
        select(name, Grant.role, Grant.scope_kind, Grant.scope_id, Grant.package)
        .outerjoin(Grant, Grant.subject == subject)
        .where(*is_it)
    )
    rows = connection.execute(query).all()
    if not rows:
        return None
    held = (Held(Role(row[1]), Scope(*row[2:])) for row in rows if row[1])
    return Holder(rows[0][0], tuple(held))


def signing_keys(connection: Connection, since: datetime) -> Sequence[SigningKeyRow]:
    """The keys that were believed at some time after ``since``, the oldest first."""
    query = (
        select(SigningKey.kid, SigningKey.private, SigningKey.signs_until, SigningKey.trusted_until)
        .where(SigningKey.trusted_until > since)
        .order_by(SigningKey.signs_until, SigningKey.id)
    )
    return [SigningKeyRow._make(row) for row in connection.execute(query)]


_KEYS = select(ApiKey.id, ApiKey.subject, ApiKey.access, ApiKey.places, ApiKey.expires_at).where(
    ApiKey.revoked_at.is_(None)
)


def _key(connection: Connection, query: Select[Any]) -> KeyRow | None:
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    places = None if row[3] is None else tuple(Scope(*place) for place in row[3])
    return KeyRow(row[0], row[1], Access(row[2]), places, row[4])


def _holder(
    kind: str, id_: int
) -> tuple[InstrumentedAttribute[str], tuple[ColumnElement[bool], ...]]:
    if kind == "user":
        return User.name, (User.id == id_, User.disabled_at.is_(None))
    return Robot.name, (Robot.id == id_, Robot.disabled_at.is_(None))
