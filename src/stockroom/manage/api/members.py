"""The members of a team and their roles."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from sqlalchemy import Connection

from stockroom.manage.api.answers import page
from stockroom.manage.api.calling import actor, authority, name_of, read, seen_by
from stockroom.manage.api.operations import Tagged, outcome
from stockroom.manage.api.parameters import Paging
from stockroom.manage.people import queries
from stockroom.manage.people.rows import MemberReport
from stockroom.manage.problems import LastOwner
from stockroom.manage.roles import Roles, grant_tag
from stockroom.manage.subjects import Known, find_user
from stockroom.resources import MemberResource, TeamResource
from stockroom.security.permissions import Role
from stockroom.web import Request

RoleName = Literal["reader", "writer", "admin", "owner"]


class RoleBody(Struct, forbid_unknown_fields=True):
    """A role to give."""

    role: RoleName


class MemberPage(Struct):
    """Members by name."""

    members: list[MemberReport]
    next: str | None


def list_members(context: TeamResource, request: Request, query: Paging) -> MemberPage:
    """List the members of a team."""
    with read(request) as connection:
        rows = queries.members(connection, context.row.id, limit=query.limit + 1, after=query.after)
    return page(MemberPage, rows, query.limit, "name")


def show_member(context: MemberResource, request: Request) -> Tagged[MemberReport]:
    """Show a member of a team."""
    with read(request) as connection:
        return _shown(connection, context)


@outcome(LastOwner)
def put_member(
    context: MemberResource, request: Request, body: RoleBody, if_match: str | None
) -> Tagged[MemberReport]:
    """Give a member a role, up to one's own.

    Who is no member becomes one, if the caller knows them: from another team, or as somebody who
    sees all users of the server. Everybody else does not exist here, and is invited instead.
    """
    scope, session, mine = context.team.scope, request.new_session(), authority(request)
    subject = find_user(session, context.__name__, Known(mine.teams, scope))
    roles = Roles(session, actor(request), mine, if_match)
    roles.give(subject, Role(body.role), scope, name_of(request, scope))
    return _shown(seen_by(session), context)


@outcome(LastOwner)
def remove_member(context: MemberResource, request: Request, if_match: str | None) -> None:
    """Remove a member whose role is not above one's own. The last owner stays."""
    scope, session = context.team.scope, request.new_session()
    subject = find_user(session, context.__name__, Known(frozenset(), scope))
    roles = Roles(session, actor(request), authority(request), if_match)
    roles.take(subject, scope, name_of(request, scope))


def _shown(connection: Connection, context: MemberResource) -> Tagged[MemberReport]:
    found = queries.member(connection, context.team.row.id, context.__name__)
    return Tagged(found, grant_tag(f"user:{found.name}", found.role))
