"""The users of the server."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from stockroom.db import Database
from stockroom.errors import InvalidName
from stockroom.manage.api.answers import page
from stockroom.manage.api.calling import actor, authority, read, seen_by
from stockroom.manage.api.operations import Tagged, outcome
from stockroom.manage.api.parameters import DEFAULT_LIMIT, After, Limit
from stockroom.manage.people import queries
from stockroom.manage.people.rows import UserReport
from stockroom.manage.problems import InvalidText, LastOwner, NameTaken
from stockroom.manage.users import Users, user_tag
from stockroom.resources import Root, UserResource
from stockroom.web import Request


class NewUser(Struct, forbid_unknown_fields=True):
    """A user to make, who has no role and no password yet."""

    name: str
    email: str | None = None
    full_name: str = ""


class UserPatch(Struct, forbid_unknown_fields=True):
    """What can be changed about a user."""

    email: str | UnsetType | None = UNSET
    full_name: str | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class UserQuery(Struct):
    """Which users."""

    limit: Limit = DEFAULT_LIMIT
    after: After = ""
    q: Annotated[str, Meta(description="A part of the name, full name or e-mail address.")] = ""
    disabled: Literal["true", "false"] | None = None


class UserPage(Struct):
    """Users by name."""

    users: list[UserReport]
    next: str | None


def list_users(context: Root, request: Request, query: UserQuery) -> UserPage:
    """List the users of the server."""
    with read(request) as connection:
        rows = queries.users(
            connection,
            limit=query.limit + 1,
            after=query.after,
            part=query.q,
            disabled=None if query.disabled is None else query.disabled == "true",
        )
    return page(UserPage, rows, query.limit, "name")


@outcome(InvalidName, InvalidText, NameTaken, status=HTTPStatus.CREATED)
def create_user(context: Root, request: Request, body: NewUser) -> Tagged[UserReport]:
    """Make a user, who has no role and no password yet."""
    session = request.new_session()
    user = Users(session, actor(request)).create(body.name, body.email, body.full_name)
    return Tagged(queries.user(seen_by(session), user.name), user_tag(user))


def show_user(context: UserResource, request: Request) -> Tagged[UserReport]:
    """Show a user."""
    with request.service(Database).reading() as session:
        user = Users(session, "").find(context.__name__)
        return Tagged(queries.user(session.connection(), user.name), user_tag(user))


@outcome(InvalidText, LastOwner, NameTaken)
def change_user(
    context: UserResource, request: Request, body: UserPatch, if_match: str | None
) -> Tagged[UserReport]:
    """Change a user. Who is disabled can do nothing from the next request on.

    Nobody changes a user who has a higher role on the server, and its last owner stays enabled.
    """
    session = request.new_session()
    user = Users(session, actor(request), if_match=if_match).change(
        context.__name__,
        email=body.email,
        full_name=body.full_name,
        disabled=body.disabled,
        authority=authority(request),
    )
    return Tagged(queries.user(seen_by(session), user.name), user_tag(user))
