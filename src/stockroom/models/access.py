"""Who may do what: API keys and the grants they hold."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stockroom.db import Base, BigId, Id, Instant, Name, Sha256


class ApiKey(Base):
    """A long-lived secret; only its SHA-256 is kept, since its entropy is high."""

    __tablename__ = "api_keys"

    id: Mapped[Id]
    name: Mapped[Name]
    digest: Mapped[Sha256] = mapped_column(unique=True)
    hint: Mapped[str] = mapped_column(String(16))
    """The first characters of the secret, by which its owner recognises it."""
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant | None]
    revoked_at: Mapped[Instant | None]


class Grant(Base):
    """(subject, role, scope): the only way anybody may do anything.

    ``subject`` is ``key:ID``. The scope is the server, or the row ``scope_id`` of a team,
    workspace, registry or view.
    """

    __tablename__ = "grants"
    __table_args__ = (
        UniqueConstraint("subject", "role", "scope_kind", "scope_id"),
        CheckConstraint("role IN ('reader', 'writer', 'admin', 'owner')", name="role"),
        CheckConstraint(
            "scope_kind IN ('server', 'team', 'workspace', 'registry', 'view')", name="scope_kind"
        ),
    )

    id: Mapped[Id]
    subject: Mapped[Name]
    role: Mapped[str] = mapped_column(String(16))
    scope_kind: Mapped[str] = mapped_column(String(16))
    scope_id: Mapped[int] = mapped_column(BigId, default=0)
    """0 where the scope is the server."""
    created_at: Mapped[Instant]
