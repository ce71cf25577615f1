"""Packages, their releases and files, and the blobs behind the files."""

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
)
from sqlalchemy.orm import Mapped, mapped_column

from stockroom.db import Base, Id, Instant, Name, Sha256


class Package(Base):
    """A package in a registry. ``serial`` grows with every change to it or to what it holds."""

    __tablename__ = "packages"
    __table_args__ = (
        UniqueConstraint("registry_id", "name"),
        CheckConstraint(
            "status IN ('active', 'archived', 'deprecated', 'quarantined')", name="status"
        ),
    )

    id: Mapped[Id]
    registry_id: Mapped[int] = mapped_column(ForeignKey("registries.id", ondelete="RESTRICT"))
    name: Mapped[Name]
    """Normalised (PEP 503)."""
    display_name: Mapped[Name]
    """As the newest archive spells it (U-37)."""
    serial: Mapped[int] = mapped_column(BigInteger, default=0)
    status: Mapped[str] = mapped_column(String(16), default="active")
    status_reason: Mapped[str | None]
    notes: Mapped[str | None]
    """Markdown for the people of the registry; no client sees it."""
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    """Bytes of all its files together, for the quotas (U-72)."""
    created_at: Mapped[Instant]


class Release(Base):
    """A version of a package. ``1.0`` and ``1.0.0`` are the same release (PEP 440)."""

    __tablename__ = "releases"
    __table_args__ = (UniqueConstraint("package_id", "canonical_version"),)

    id: Mapped[Id]
    package_id: Mapped[int] = mapped_column(ForeignKey("packages.id", ondelete="CASCADE"))
    version: Mapped[Name]
    """Normalised, with the zeros at its end that its first file had."""
    canonical_version: Mapped[Name]
    """Without them."""
    notes: Mapped[str | None]
    """Markdown for the people of the registry; no client sees it."""
    created_at: Mapped[Instant]


class Blob(Base):
    """Bytes that the storage backend holds under their digest; ``size`` in bytes.

    Its references are the rows that name it. Whoever begins to use a blob writes ``touched_at``,
    which locks the row until the commit: the sweeper, which locks it too, takes only what nobody
    references and nobody has touched for its grace period.
    """

    __tablename__ = "blobs"

    sha256: Mapped[Sha256] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[Instant]
    touched_at: Mapped[Instant]


class File(Base):
    """A distribution file. What a resolver needs is kept per file (U-62)."""

    __tablename__ = "files"
    __table_args__ = (
        UniqueConstraint("registry_id", "filename"),
        CheckConstraint("kind IN ('wheel', 'sdist')", name="kind"),
        # For the number of uploads in the last minute.
        Index("ix_files_registry_id_uploaded_at", "registry_id", "uploaded_at"),
    )

    id: Mapped[Id]
    registry_id: Mapped[int] = mapped_column(ForeignKey("registries.id", ondelete="RESTRICT"))
    package_id: Mapped[int] = mapped_column(
        ForeignKey("packages.id", ondelete="CASCADE"), index=True
    )
    release_id: Mapped[int] = mapped_column(
        ForeignKey("releases.id", ondelete="CASCADE"), index=True
    )
    filename: Mapped[Name]
    kind: Mapped[str] = mapped_column(String(8))
    sha256: Mapped[Sha256] = mapped_column(
        ForeignKey("blobs.sha256", ondelete="RESTRICT"), index=True
    )
    blake2b_256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    metadata_sha256: Mapped[Sha256] = mapped_column(
        ForeignKey("blobs.sha256", ondelete="RESTRICT"), index=True
    )
    """The METADATA or PKG-INFO of the archive, byte for byte, as a blob."""
    metadata_static: Mapped[bool]
    """Whether every build of this file has these requirements (S-56); always so for a wheel."""
    requires_python: Mapped[str | None]
    requires_dist: Mapped[list[str]] = mapped_column(JSON)
    provides_extra: Mapped[list[str]] = mapped_column(JSON)
    yanked: Mapped[bool] = mapped_column(default=False)
    yanked_reason: Mapped[str | None]
    uploaded_at: Mapped[Instant]
    uploaded_by: Mapped[Name]
    downloaded_at: Mapped[Instant | None]
    """The last download, to the day; None when there was none. Retention rules ask for it."""
    warnings: Mapped[list[Any]] = mapped_column(JSON)
    """What the archive's reader let pass, in sentences (U-61)."""


class BurntFilename(Base):
    """A filename that was used in a registry and deleted: it is never used again (U-75)."""

    __tablename__ = "burnt_filenames"

    registry_id: Mapped[int] = mapped_column(
        ForeignKey("registries.id", ondelete="CASCADE"), primary_key=True
    )
    filename: Mapped[Name] = mapped_column(primary_key=True)
    package: Mapped[Name]
    """Normalised name of the package that it belonged to."""
    sha256: Mapped[Sha256]
    """Digest of the bytes it had; the blob itself may be gone."""
    deleted_at: Mapped[Instant]
    deleted_by: Mapped[Name]
