"""Reading the directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from stockroom.models import Registry, Team, View, ViewMember, Workspace


class WorkspacePart(NamedTuple):
    """The columns of a workspace, and of its team."""

    id: int
    name: str
    visibility: str
    team_id: int
    team_name: str
    team_settings: Mapping[str, str]


class RegistryPart(NamedTuple):
    """The columns of a registry."""

    id: int
    name: str
    kind: str
    workspace_id: int
    settings: Mapping[str, str]


class PlaceRow(NamedTuple):
    """One registry at one place of one view; a workspace or view without any has one row, too."""

    workspace: WorkspacePart
    view_id: int | None
    view_name: str
    view_revision: int
    priority: int | None
    registry: RegistryPart | None


def places(connection: Connection) -> Sequence[PlaceRow]:
    """Every workspace, with its views, with their registries in order."""
    query = (
        select(
            Workspace.id,
            Workspace.name,
            Workspace.visibility,
            Workspace.team_id,
            Team.name,
            Team.settings,
            View.id,
            View.name,
            View.revision,
            ViewMember.priority,
            Registry.id,
            Registry.name,
            Registry.kind,
            Registry.workspace_id,
            Registry.settings,
        )
        .join(Team, Team.id == Workspace.team_id)
        .outerjoin(View, View.workspace_id == Workspace.id)
        .outerjoin(ViewMember, ViewMember.view_id == View.id)
        .outerjoin(Registry, Registry.id == ViewMember.registry_id)
        .order_by(Workspace.id, View.id, ViewMember.priority, ViewMember.position)
    )
    return [
        PlaceRow(
            WorkspacePart._make(row[:6]),
            *row[6:10],
            RegistryPart._make(row[10:]) if row[10] else None,
        )
        for row in connection.execute(query)
    ]
