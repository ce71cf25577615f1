"""Teams, workspaces, registries and views: where packages live and through what they are read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stockroom.db import Base, BigId, Id, Instant, Name


class Team(Base):
    """An organisation that owns workspaces."""

    __tablename__ = "teams"

    id: Mapped[Id]
    name: Mapped[Name] = mapped_column(unique=True)
    settings: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """What differs from the defaults of ``stockroom.policies.TeamPolicy``, as text."""
    created_at: Mapped[Instant]


class Workspace(Base):
    """A named group of registries and views; the first part of every URL."""

    __tablename__ = "workspaces"
    __table_args__ = (
        CheckConstraint("visibility IN ('team', 'global', 'public')", name="visibility"),
    )

    id: Mapped[Id]
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="RESTRICT"), index=True)
    name: Mapped[Name] = mapped_column(unique=True)
    visibility: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[Instant]


class Registry(Base):
    """A named index of packages in a workspace."""

    __tablename__ = "registries"
    __table_args__ = (
        UniqueConstraint("workspace_id", "name"),
        CheckConstraint("kind IN ('hosted', 'mirror')", name="kind"),
    )

    id: Mapped[Id]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id", ondelete="RESTRICT"))
    name: Mapped[Name]
    kind: Mapped[str] = mapped_column(String(16))
    settings: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """What differs from the defaults of ``stockroom.policies.RegistryPolicy``, as text."""
    created_at: Mapped[Instant]


class View(Base):
    """A read-only combination of registries behind one index URL.

    Each registry has a default view of its own name, so that the unique key below keeps registry
    and view names of a workspace apart from each other, too.
    """

    __tablename__ = "views"
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: Mapped[Id]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id", ondelete="RESTRICT"))
    name: Mapped[Name]
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[Instant]


class ViewMember(Base):
    """A registry's place in a view: the group's priority, then the order inside the group."""

    __tablename__ = "view_members"

    view_id: Mapped[int] = mapped_column(
        ForeignKey("views.id", ondelete="CASCADE"), primary_key=True
    )
    priority: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    registry_id: Mapped[int] = mapped_column(
        ForeignKey("registries.id", ondelete="RESTRICT"), index=True
    )
    filter: Mapped[str | None] = mapped_column(Text)
    """Which releases and files of the registry are shown, in the filter language; None is all."""


class ViewDefinition(Base):
    """What a view was made of from one revision to the next; it outlives the view itself."""

    __tablename__ = "view_definitions"
    __table_args__ = (UniqueConstraint("view_id", "revision"),)

    id: Mapped[Id]
    view_id: Mapped[int] = mapped_column(BigId)
    revision: Mapped[int]
    groups: Mapped[list[list[Any]]] = mapped_column(JSON)
    """The groups in order; each a list of ``[registry as WORKSPACE/NAME, filter or null]``."""
    at: Mapped[Instant]
    actor: Mapped[Name]
    reason: Mapped[str | None] = mapped_column(Text)
