"""Teams: their settings and use, and the workspaces that they own."""

from __future__ import annotations

from http import HTTPStatus

from msgspec import Struct

from stockroom.errors import InvalidName
from stockroom.manage import queries as listings
from stockroom.manage.api.answers import page
from stockroom.manage.api.calling import actor, authority, read, seen_by
from stockroom.manage.api.operations import Tagged, outcome
from stockroom.manage.api.parameters import Paging
from stockroom.manage.api.registries import SettingsPatch
from stockroom.manage.closing import Closing
from stockroom.manage.grants import Grants
from stockroom.manage.people.rows import TeamSummary
from stockroom.manage.places import Places
from stockroom.manage.policies import Policies
from stockroom.manage.preconditions import settings_tag
from stockroom.manage.problems import NameTaken, NotEmpty
from stockroom.manage.reports.documents import team_document
from stockroom.manage.reports.rows import TeamDocument
from stockroom.manage.usage import queries
from stockroom.policies import TeamPolicy
from stockroom.resources import TeamResource, Teams
from stockroom.security.permissions import Permission, Role
from stockroom.security.scopes import Scope
from stockroom.web import Request


class NewTeam(Struct, forbid_unknown_fields=True):
    """A team to make."""

    name: str


class TeamPage(Struct):
    """Teams by name."""

    teams: list[TeamSummary]
    next: str | None


def list_teams(context: Teams, request: Request, query: Paging) -> TeamPage:
    """List the teams that the caller may see."""
    roles = {}
    for name in sorted(name for name in context.snapshot.teams if name > query.after):
        team = context[name]
        if request.has_permission(Permission.TEAM_READ, team):
            roles[name] = authority(request).role_on(team.scope)
        if len(roles) > query.limit:
            break
    with read(request) as connection:
        rows = listings.teams(connection, roles)
    found = [TeamSummary(row.name, roles[row.name], row.workspaces, row.created_at) for row in rows]
    return page(TeamPage, found, query.limit, "name")


@outcome(InvalidName, NameTaken, status=HTTPStatus.CREATED)
def create_team(context: Teams, request: Request, body: NewTeam) -> Tagged[TeamDocument]:
    """Make a team, whose first owner is the user who makes it."""
    session = request.new_session()
    team = Places(session, actor(request)).create_team(body.name)
    if actor(request).startswith("user:"):
        grants = Grants(session, actor(request))
        grants.set(actor(request), Role.OWNER, Scope("team", team.id), f"team:{team.name}")
    usage, policy = queries.team_usage(seen_by(session), team.id), TeamPolicy()
    return Tagged(team_document(team.name, policy, usage), settings_tag(team.id, policy))


def show_team(context: TeamResource, request: Request) -> Tagged[TeamDocument]:
    """Show the settings with their defaults, and what all registries of the team hold together."""
    row = context.row
    with read(request) as connection:
        usage = queries.team_usage(connection, row.id)
    return Tagged(team_document(row.name, row.policy, usage), settings_tag(row.id, row.policy))


def change_team(
    context: TeamResource, request: Request, body: SettingsPatch, if_match: str | None
) -> Tagged[TeamDocument]:
    """Change settings; all of them or, if one is wrong, none."""
    row, session = context.row, request.new_session()
    policies = Policies(session, actor(request), if_match)
    policy = policies.change_team(row.name, body.changes(), body.reason)
    usage = queries.team_usage(seen_by(session), row.id)
    return Tagged(team_document(row.name, policy, usage), settings_tag(row.id, policy))


@outcome(NotEmpty)
def delete_team(context: TeamResource, request: Request, if_match: str | None) -> None:
    """Delete a team that owns nothing, with its memberships."""
    Closing(request.new_session(), actor(request), if_match).delete_team(context.row.name)
