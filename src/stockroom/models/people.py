"""Users, robots, and what a user proves to be one: passwords, second factors, other accounts."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stockroom.db import Base, BigId, Id, Instant, Name, Sha256


class User(Base):
    """A person. ``user:ID`` is their subject in grants, credentials and events."""

    __tablename__ = "users"

    id: Mapped[Id]
    name: Mapped[Name] = mapped_column(unique=True)
    """With which they sign in; what a name in a URL can be."""
    email: Mapped[str | None] = mapped_column(String(255), unique=True)
    """In lower case; None where it is not known."""
    full_name: Mapped[Name] = mapped_column(default="")
    password: Mapped[str | None] = mapped_column(String(255))
    """An Argon2id hash; None for who signs in elsewhere."""
    password_changed_at: Mapped[Instant | None]
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    """Base32; None as long as it is not confirmed by a first code."""
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)
    """The time step of the last code that was taken: none is taken twice (O-23)."""
    created_at: Mapped[Instant]
    disabled_at: Mapped[Instant | None]


class Robot(Base):
    """A service account of a team, or of the server. ``robot:ID`` is its subject."""

    __tablename__ = "robots"
    # A number that came again would be named by what the audit trail says of another robot.
    __table_args__ = (UniqueConstraint("team_id", "name"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"))
    """None for a robot of the server, made by its operator."""
    name: Mapped[Name]
    description: Mapped[Name] = mapped_column(default="")
    created_at: Mapped[Instant]
    disabled_at: Mapped[Instant | None]


class SecurityKey(Base):
    """A WebAuthn credential: a second factor of a user."""

    __tablename__ = "security_keys"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[Name]
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    """Base64url, of up to 1,023 bytes (WebAuthn section 4)."""
    data: Mapped[str] = mapped_column(Text)
    """The attested credential data with the public key, base64url."""
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[Instant]
    used_at: Mapped[Instant | None]


class RecoveryCode(Base):
    """One of the codes that stand in for a lost second factor, each good for one time."""

    __tablename__ = "recovery_codes"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    digest: Mapped[Sha256]
    used_at: Mapped[Instant | None]


class ExternalAccount(Base):
    """An account elsewhere with which a user signs in."""

    __tablename__ = "external_accounts"
    __table_args__ = (UniqueConstraint("issuer", "external_id"),)

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    method: Mapped[Name]
    """The name of the login method."""
    issuer: Mapped[Name]
    external_id: Mapped[Name]
    """What the issuer calls the user for ever (``sub``)."""
    email: Mapped[Name] = mapped_column(default="")
    created_at: Mapped[Instant]
    used_at: Mapped[Instant | None]


class Invitation(Base):
    """A link that makes whoever follows it a member of a team, or an owner of the server."""

    __tablename__ = "invitations"

    id: Mapped[Id]
    digest: Mapped[Sha256] = mapped_column(unique=True)
    scope_kind: Mapped[str] = mapped_column(String(16))
    """``team`` or ``server``."""
    scope_id: Mapped[int] = mapped_column(BigId, default=0, index=True)
    role: Mapped[str] = mapped_column(String(16))
    email: Mapped[str | None] = mapped_column(String(255))
    """To whom it was sent; None for a link that is handed over by other means."""
    invited_by: Mapped[Name]
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    accepted_at: Mapped[Instant | None]
    accepted_by: Mapped[Name | None]
    revoked_at: Mapped[Instant | None]
