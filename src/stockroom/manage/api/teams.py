"""A team: its settings and use."""

from __future__ import annotations

from stockroom.bodies import read_body
from stockroom.manage.api.answers import answer
from stockroom.manage.api.calling import actor, read, seen_by
from stockroom.manage.api.registries import SettingsPatch
from stockroom.manage.policies import Policies
from stockroom.manage.reports.documents import team_document
from stockroom.manage.usage import queries
from stockroom.resources import TeamResource
from stockroom.web import Ready, Request


def show_team(context: TeamResource, request: Request) -> Ready:
    """Settings with their defaults, and what all registries of the team hold together."""
    row = context.row
    with read(request) as connection:
        usage = queries.team_usage(connection, row.id)
    return answer(team_document(row.name, row.policy, usage))


def change_team(context: TeamResource, request: Request) -> Ready:
    """Change settings; all of them or, if one is wrong, none."""
    patch = read_body(request, SettingsPatch)
    row, session = context.row, request.new_session()
    policies = Policies(session, actor(request))
    policy = policies.change_team(row.name, patch.changes(), patch.reason)
    usage = queries.team_usage(seen_by(session), row.id)
    return answer(team_document(row.name, policy, usage))
