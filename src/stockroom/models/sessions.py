"""Upload sessions that outlive a request: stages (PEP 694) and direct uploads."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from stockroom.db import Base, Id, Instant, Name, Sha256

LIVE = ("open", "processing", "error")
"""The statuses of a session that has not ended."""
LIVE_STAGE = f"kind = 'stage' AND status IN {LIVE}"


class UploadSession(Base):
    """Files of one release on their way in (U-201, U-208).

    A ``stage`` holds any number of files, and there is one live stage for each release. A
    ``direct`` session is one file whose bytes do not come with its form (uv-client.md 7.3).
    """

    __tablename__ = "upload_sessions"
    __table_args__ = (
        CheckConstraint("kind IN ('stage', 'direct')", name="kind"),
        CheckConstraint(
            "status IN ('open', 'processing', 'published', 'error', 'canceled')", name="status"
        ),
        Index(
            "uq_upload_sessions_live_stage",
            "registry_id",
            "package",
            "canonical_version",
            unique=True,
            sqlite_where=text(LIVE_STAGE),
            postgresql_where=text(LIVE_STAGE),
        ),
    )

    id: Mapped[Id]
    token: Mapped[str] = mapped_column(String(64), unique=True)
    """Random; names the session in its URLs, and whoever knows it may read the stage (U-207)."""
    kind: Mapped[str] = mapped_column(String(8))
    registry_id: Mapped[int] = mapped_column(ForeignKey("registries.id", ondelete="CASCADE"))
    package: Mapped[Name]
    """Normalised."""
    display_name: Mapped[Name]
    """As the session was asked for."""
    version: Mapped[Name]
    canonical_version: Mapped[Name]
    status: Mapped[str] = mapped_column(String(16), default="open")
    created_at: Mapped[Instant]
    created_by: Mapped[Name]
    expires_at: Mapped[Instant] = mapped_column(index=True)
    """An open session is canceled then, an ended one forgotten."""


class UploadFile(Base):
    """A file of an upload session."""

    __tablename__ = "upload_files"
    __table_args__ = (
        UniqueConstraint("session_id", "filename"),
        CheckConstraint("status IN ('pending', 'processing', 'completed', 'error')", name="status"),
    )

    id: Mapped[Id]
    session_id: Mapped[int] = mapped_column(ForeignKey("upload_sessions.id", ondelete="CASCADE"))
    token: Mapped[str] = mapped_column(String(64), unique=True)
    """Random; names the file in its URLs."""
    filename: Mapped[Name] = mapped_column(index=True)
    size: Mapped[int | None] = mapped_column(BigInteger)
    """Bytes as announced; None when the form does not say."""
    digests: Mapped[dict[str, str]] = mapped_column(JSON)
    """As announced, in lower-case hex by algorithm."""
    status: Mapped[str] = mapped_column(String(16), default="pending")
    sha256: Mapped[Sha256 | None] = mapped_column(
        ForeignKey("blobs.sha256", ondelete="RESTRICT"), index=True
    )
    """The bytes received, a blob; None before they are."""
    metadata_sha256: Mapped[Sha256 | None] = mapped_column(
        ForeignKey("blobs.sha256", ondelete="RESTRICT"), index=True
    )
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What the inspection found, as the columns of the later row in ``files``."""
    problems: Mapped[list[Any]] = mapped_column(JSON, default=list)
    """Why the status is ``error``: violations as field, code and message."""
    created_at: Mapped[Instant]
