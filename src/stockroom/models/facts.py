"""Facts: what sources outside of any index know of packages, and how their refreshes went."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from stockroom.db import Base, Instant, Name, Sha256


class Fact(Base):
    """What one source knows of the packages of one normalised name, in whatever registry."""

    __tablename__ = "facts"
    __table_args__ = (Index("ix_facts_package", "package"),)

    source: Mapped[Name] = mapped_column(primary_key=True)
    package: Mapped[Name] = mapped_column(primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[Sha256]
    """Of the document: what a refresh tells again is no change."""
    changed_at: Mapped[Instant]


class AdvisoryRecord(Base):
    """A security advisory in the OSV format, for those who ask for it by its id."""

    __tablename__ = "advisories"

    id: Mapped[Name] = mapped_column(primary_key=True)
    source: Mapped[Name]
    modified: Mapped[Instant]
    record: Mapped[dict[str, Any]] = mapped_column(JSON)


class AdvisoryPackage(Base):
    """What an advisory says of a package of one normalised name."""

    __tablename__ = "advisory_packages"

    package: Mapped[Name] = mapped_column(primary_key=True)
    advisory_id: Mapped[Name] = mapped_column(
        ForeignKey("advisories.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    spans: Mapped[list[Any]] = mapped_column(JSON)
    """The affected ranges; each a list of its lowest version, its upper bound, and whether that is
    affected, too."""
    versions: Mapped[list[str]] = mapped_column(JSON)
    """The affected versions outside of these."""


class JobRun(Base):
    """A background job: when it is due, who runs it now, how the last run and success went.

    A run belongs to whoever has written ``claim``, and ends with it. Who has not beaten for long
    is taken for dead: another one claims the job, and what the first one does is void.
    """

    __tablename__ = "job_runs"

    name: Mapped[Name] = mapped_column(primary_key=True)
    due_at: Mapped[Instant]
    """From when on the next run may begin."""
    claim: Mapped[str | None] = mapped_column(String(64))
    """Random; None while nobody runs it."""
    beat_at: Mapped[Instant | None]
    """When the run last showed that it lives."""
    started_at: Mapped[Instant | None]
    """When the last run began."""
    finished_at: Mapped[Instant | None]
    """When the last run that came to an end did so."""
    succeeded_at: Mapped[Instant | None]
    """When the last successful run was finished."""
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(Text)
    """What ended the last run, if it failed."""
    notes: Mapped[list[str]] = mapped_column(JSON, default=list)
    """What the last run, or this one until now, had to leave out, in sentences."""
    state: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What the last successful run left for the next one."""
