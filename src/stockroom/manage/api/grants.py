"""Roles of users and robots on places: the server, teams, and everything in them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from msgspec import Struct
from sqlalchemy.orm import Session

from stockroom.db import Database
from stockroom.errors import BadRequest
from stockroom.manage.api.answers import page
from stockroom.manage.api.calling import actor, authority, name_of, names, read, seen_by
from stockroom.manage.api.members import RoleBody
from stockroom.manage.api.operations import Tagged, outcome
from stockroom.manage.api.parameters import Numbered
from stockroom.manage.people import queries
from stockroom.manage.people.rows import GrantReport
from stockroom.manage.problems import InvalidSubject, LastOwner
from stockroom.manage.roles import Roles, grant_tag
from stockroom.manage.scopes import team_of
from stockroom.manage.subjects import Known, Subject, find_subject
from stockroom.resources import GrantResource, TeamResource
from stockroom.security.permissions import Role
from stockroom.security.scopes import Scope
from stockroom.web import Request

F = TypeVar("F", bound=Callable[..., Any])


class GrantPage(Struct):
    """Roles, in the order in which they were first given."""

    grants: list[GrantReport]
    next: int | None


def list_team_grants(context: TeamResource, request: Request, query: Numbered) -> GrantPage:
    """List the roles on a team and on everything that it owns."""
    with read(request) as connection:
        rows = queries.grants_of_team(
            connection,
            context.row.id,
            names(request),
            limit=query.limit + 1,
            after=query.after,
        )
    return page(GrantPage, rows, query.limit, "id")


def list_grants(context: Any, request: Request, query: Numbered) -> GrantPage:
    """List the roles on this very place; those on the places around it hold here, too."""
    with read(request) as connection:
        rows = queries.grants_on(
            connection, context.scope, names(request), limit=query.limit + 1, after=query.after
        )
    return page(GrantPage, rows, query.limit, "id")


@outcome(InvalidSubject)
def show_grant(context: GrantResource, request: Request) -> Tagged[GrantReport]:
    """Show the role of `user:NAME` or `robot:TEAM.NAME` on this very place."""
    with request.service(Database).reading() as session:
        subject = _holder(context, session)
        return _shown(context, request, session, subject)


@outcome(InvalidSubject, LastOwner, BadRequest)
def put_grant(
    context: GrantResource, request: Request, body: RoleBody, if_match: str | None
) -> Tagged[GrantReport]:
    """Give `user:NAME` or `robot:TEAM.NAME` a role here, up to one's own.

    A robot must be one of the team that owns the place, and a user somebody whom the caller knows:
    from a team, by a role on this place, or as somebody who sees all users of the server.
    """
    scope, session, mine = _scope(context), request.new_session(), authority(request)
    known = Known(mine.teams, scope)
    subject = find_subject(session, context.__name__, team_of(session, scope), known)
    if scope.kind == "team" and subject.is_user:
        raise BadRequest("the roles of users on a team are those of its members: change them there")
    roles = Roles(session, actor(request), mine, if_match)
    roles.give(subject, Role(body.role), scope, name_of(request, scope))
    return _shown(context, request, session, subject)


@outcome(InvalidSubject, LastOwner)
def remove_grant(context: GrantResource, request: Request, if_match: str | None) -> None:
    """Take a role that is not above one's own. The last owner of a place keeps it."""
    scope, session = _scope(context), request.new_session()
    roles = Roles(session, actor(request), authority(request), if_match)
    roles.take(_holder(context, session), scope, name_of(request, scope))


def named(view: F, name: str) -> F:
    """The same view for one kind of place, since the description names each of them."""

    @wraps(view)
    def copy(*arguments: Any, **options: Any) -> Any:
        return view(*arguments, **options)

    copy.__name__ = name
    return copy  # type: ignore[return-value]


def _scope(context: GrantResource) -> Scope:
    scope: Scope = context.holder.scope  # type: ignore[attr-defined]
    return scope


def _holder(context: GrantResource, session: Session) -> Subject:
    """Whoever holds a role on this very place; nobody else is known here."""
    scope = _scope(context)
    known = Known(frozenset(), scope)
    return find_subject(session, context.__name__, team_of(session, scope), known)


def _shown(
    context: GrantResource, request: Request, session: Session, subject: Subject
) -> Tagged[GrantReport]:
    found = queries.grant_on(
        seen_by(session), _scope(context), subject.key, subject.text, names(request)
    )
    return Tagged(found, grant_tag(subject.text, found.role))
