"""Reading the directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from stockroom.models import Registry, Team, View, ViewMember, Workspace


class TeamPart(NamedTuple):
    """The columns of a team."""

    id: int
    name: str
    settings: Mapping[str, str]


class WorkspacePart(NamedTuple):
    """The columns of a workspace."""

    id: int
    name: str
    visibility: str
    team_id: int


class RegistryPart(NamedTuple):
    """The columns of a registry."""

    id: int
    name: str
    kind: str
    workspace_id: int
    settings: Mapping[str, str]


class PlaceRow(NamedTuple):
    """One registry at one place of one view; a team, workspace or view without any has one, too."""

    team: TeamPart
    workspace: WorkspacePart | None
    view_id: int | None
    view_name: str
    view_revision: int
    priority: int | None
    filter: str | None
    registry: RegistryPart | None


def places(connection: Connection) -> Sequence[PlaceRow]:
    """Every team, with its workspaces, with their views, with their registries in order."""
    query = (
        select(
            Team.id,
            Team.name,
            Team.settings,
            Workspace.id,
            Workspace.name,
            Workspace.visibility,
            Workspace.team_id,
            View.id,
            View.name,
            View.revision,
            ViewMember.priority,
            ViewMember.filter,
            Registry.id,
            Registry.name,
            Registry.kind,
            Registry.workspace_id,
            Registry.settings,
        )
        .outerjoin(Workspace, Workspace.team_id == Team.id)
        .outerjoin(View, View.workspace_id == Workspace.id)
        .outerjoin(ViewMember, ViewMember.view_id == View.id)
        .outerjoin(Registry, Registry.id == ViewMember.registry_id)
        .order_by(Team.id, Workspace.id, View.id, ViewMember.priority, ViewMember.position)
    )
    rows: Sequence[Any] = connection.execute(query).all()
    return [
        PlaceRow(
            TeamPart._make(row[:3]),
            WorkspacePart._make(row[3:7]) if row[3] else None,
            row[7],
            row[8],
            row[9],
            row[10],
            row[11],
            RegistryPart._make(row[12:]) if row[12] else None,
        )
        for row in rows
    ]
