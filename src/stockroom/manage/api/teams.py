"""A team: its settings and use."""

from __future__ import annotations

from stockroom.manage.api.calling import actor, read, seen_by
from stockroom.manage.api.registries import SettingsPatch
from stockroom.manage.policies import Policies
from stockroom.manage.reports.documents import TeamDocument, team_document
from stockroom.manage.usage import queries
from stockroom.resources import TeamResource
from stockroom.web import Request


def show_team(context: TeamResource, request: Request) -> TeamDocument:
    """Show the settings with their defaults, and what all registries of the team hold together."""
    row = context.row
    with read(request) as connection:
        usage = queries.team_usage(connection, row.id)
    return team_document(row.name, row.policy, usage)


def change_team(context: TeamResource, request: Request, body: SettingsPatch) -> TeamDocument:
    """Change settings; all of them or, if one is wrong, none."""
    row, session = context.row, request.new_session()
    policies = Policies(session, actor(request))
    policy = policies.change_team(row.name, body.changes(), body.reason)
    usage = queries.team_usage(seen_by(session), row.id)
    return team_document(row.name, policy, usage)
