"""Who may do what, and by which credential: keys, grants, sessions, tokens."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from stockroom.db import Base, BigId, Id, Instant, Name, Sha256


class ApiKey(Base):
    """A long-lived secret of a user or robot; only its SHA-256 is kept: its entropy is high."""

    __tablename__ = "api_keys"
    __table_args__ = (CheckConstraint("access IN ('read', 'write', 'admin')", name="access"),)

    id: Mapped[Id]
    subject: Mapped[Name] = mapped_column(index=True)
    """Whose it is: ``user:ID`` or ``robot:ID``."""
    name: Mapped[Name]
    access: Mapped[str] = mapped_column(String(8))
    """What it may do at most of that which its owner may: read, write or admin."""
    places: Mapped[list[list[Any]] | None] = mapped_column(JSON(none_as_null=True))
    """Scopes (kind, id, package) outside of which it is good for nothing; None is everywhere."""
    digest: Mapped[Sha256] = mapped_column(unique=True)
    hint: Mapped[str] = mapped_column(String(16))
    """The first characters of the secret, by which its owner recognises it."""
    created_at: Mapped[Instant]
    created_by: Mapped[Name]
    expires_at: Mapped[Instant | None]
    used_at: Mapped[Instant | None]
    """When it was used last, to a minute."""
    used_from: Mapped[str | None] = mapped_column(String(64))
    """From which address it was used last."""
    revoked_at: Mapped[Instant | None]


class Grant(Base):
    """(subject, role, scope): the only way anybody may do anything.

    ``subject`` is ``user:ID`` or ``robot:ID``. The scope is the server, or the row ``scope_id`` of
    a team, workspace, registry or view, or the package ``package`` of the registry ``scope_id``. A
    user with a grant on a team is a member of it.
    """

    __tablename__ = "grants"
    __table_args__ = (
        UniqueConstraint("subject", "scope_kind", "scope_id", "package"),
        Index("ix_grants_scope_kind_scope_id", "scope_kind", "scope_id"),
        CheckConstraint("role IN ('reader', 'writer', 'admin', 'owner')", name="role"),
        CheckConstraint(
            "scope_kind IN ('server', 'team', 'workspace', 'registry', 'view', 'package')",
            name="scope_kind",
        ),
    )

    id: Mapped[Id]
    subject: Mapped[Name]
    role: Mapped[str] = mapped_column(String(16))
    scope_kind: Mapped[str] = mapped_column(String(16))
    scope_id: Mapped[int] = mapped_column(BigId, default=0)
    """0 where the scope is the server."""
    package: Mapped[Name] = mapped_column(default="")
    """The normalised name, for the scope ``package``; it need not exist yet."""
    source: Mapped[Name] = mapped_column(default="")
    """The login method that keeps this grant in step with the groups of its users; "" is nobody."""
    created_at: Mapped[Instant]


class BrowserSession(Base):
    """A signed-in browser; its cookie holds a secret of which only the SHA-256 is kept."""

    __tablename__ = "browser_sessions"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    digest: Mapped[Sha256] = mapped_column(unique=True)
    pending: Mapped[bool]
    """The password was right, the second factor is still to come: good for that alone."""
    method: Mapped[Name]
    """How they signed in: ``password``, or the name of another login method."""
    address: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[Name]
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What one page has to remember for the next, such as a WebAuthn challenge."""
    created_at: Mapped[Instant]
    confirmed_at: Mapped[Instant]
    """When the user last proved who they are; sensitive pages ask again after a while."""
    seen_at: Mapped[Instant]
    """The last use, to a minute: it ends when it was idle for too long."""
    expires_at: Mapped[Instant]
    """When it ends at the latest."""
    revoked_at: Mapped[Instant | None]


class CliLogin(Base):
    """A login of a command-line client, which somebody approves in a browser (uv-client.md 3.1).

    The client makes the code; nothing is written before somebody approves it.
    """

    __tablename__ = "cli_logins"

    id: Mapped[Id]
    digest: Mapped[Sha256] = mapped_column(unique=True)
    """SHA-256 of the code."""
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[int] = mapped_column(BigId)
    """The browser session in which it was approved."""
    approved_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    collected_at: Mapped[Instant | None]
    """When the client has fetched its tokens, which is possible once."""
    login_id: Mapped[int | None] = mapped_column(ForeignKey("logins.id", ondelete="CASCADE"))
    """The login that it has become then; it ends if somebody comes with the code again."""


class Login(Base):
    """A signed-in program: what its access tokens and its chain of refresh tokens belong to."""

    __tablename__ = "logins"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[Name]
    """What the program calls itself."""
    address: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    """When it last got an access token."""
    expires_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]


class RefreshToken(Base):
    """A link of a login's chain, good for one time; only its SHA-256 is kept."""

    __tablename__ = "refresh_tokens"

    id: Mapped[Id]
    login_id: Mapped[int] = mapped_column(ForeignKey("logins.id", ondelete="CASCADE"), index=True)
    digest: Mapped[Sha256] = mapped_column(unique=True)
    created_at: Mapped[Instant]
    used_at: Mapped[Instant | None]


class SigningKey(Base):
    """A key with which access tokens are signed."""

    __tablename__ = "signing_keys"

    id: Mapped[Id]
    kid: Mapped[str] = mapped_column(String(64), unique=True)
    """The thumbprint of the key (RFC 7638)."""
    private: Mapped[str] = mapped_column(Text)
    """The private key as a JSON Web Key."""
    created_at: Mapped[Instant]
    signs_until: Mapped[Instant]
    """From then on a newer key signs."""
    trusted_until: Mapped[Instant]
    """Until then what it has signed is believed, and it is published."""


class Attempts(Base):
    """How often something was tried in the present window of time, such as to sign in."""

    __tablename__ = "attempts"

    key: Mapped[Name] = mapped_column(primary_key=True)
    """What is counted, and of whom: ``sign-in:account:ann``."""
    count: Mapped[int] = mapped_column(Integer)
    ends_at: Mapped[Instant] = mapped_column(index=True)
    """When the window ends."""
