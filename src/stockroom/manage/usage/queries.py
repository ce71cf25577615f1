"""Reading registries and teams with their settings, and what they hold."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from stockroom.manage.problems import NoSuchPlace
from stockroom.manage.reports.rows import Usage
from stockroom.models import File, Package, Registry, Team, Workspace
from stockroom.policies import RegistryPolicy, TeamPolicy, read_policy


class Place(NamedTuple):
    """A registry with its team."""

    id: int
    kind: str
    policy: RegistryPolicy
    team_id: int
    team: str
    team_policy: TeamPolicy


def find_place(connection: Connection, workspace: str, name: str) -> Place:
    """A registry by the names of its workspace and itself.

    :raises NoSuchPlace: there is none.
    """
    query = (
        select(Registry.id, Registry.kind, Registry.settings, Team.id, Team.name, Team.settings)
        .join(Workspace, Workspace.id == Registry.workspace_id)
        .join(Team, Team.id == Workspace.team_id)
        .where(Workspace.name == workspace, Registry.name == name)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NoSuchPlace(
            f"there is no registry {workspace}/{name}; `stockroom registry list` shows all"
        )
    policy, team_policy = read_policy(RegistryPolicy, row[2]), read_policy(TeamPolicy, row[5])
    return Place(row[0], row[1], policy, row[3], row[4], team_policy)


def find_team(connection: Connection, name: str) -> tuple[int, TeamPolicy]:
    """The id and the settings of a team.

    :raises NoSuchPlace: there is none.
    """
    row = connection.execute(select(Team.id, Team.settings).where(Team.name == name)).one_or_none()
    if row is None:
        raise NoSuchPlace(f"there is no team {name}; `stockroom team list` shows all")
    return row[0], read_policy(TeamPolicy, row[1])


def registry_usage(connection: Connection, registry_id: int) -> Usage:
    """What a registry holds."""
    files = select(func.count(File.id)).where(File.registry_id == registry_id)
    query = select(
        func.count(Package.id), files.scalar_subquery(), func.coalesce(func.sum(Package.size), 0)
    ).where(Package.registry_id == registry_id)
    row = connection.execute(query).one()
    return Usage(row[0], row[1], int(row[2]))


def team_usage(connection: Connection, team_id: int) -> Usage:
    """What all registries of a team hold together."""
    mine = (
        select(Registry.id)
        .join(Workspace, Workspace.id == Registry.workspace_id)
        .where(Workspace.team_id == team_id)
    )
    files = select(func.count(File.id)).where(File.registry_id.in_(mine))
    query = select(
        func.count(Package.id), files.scalar_subquery(), func.coalesce(func.sum(Package.size), 0)
    ).where(Package.registry_id.in_(mine))
    row = connection.execute(query).one()
    return Usage(row[0], row[1], int(row[2]))
