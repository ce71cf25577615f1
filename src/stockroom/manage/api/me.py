"""The caller's own account: what the credential carries, keys, sessions, memberships."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from msgspec import Struct

from stockroom.manage.api.answers import page
from stockroom.manage.api.calling import actor, authority, names, number_of, read
from stockroom.manage.api.keys import KeyPage, NewKeyBody, make_key
from stockroom.manage.api.operations import outcome
from stockroom.manage.api.parameters import Numbered
from stockroom.manage.keys import Keys
from stockroom.manage.logins import Logins
from stockroom.manage.people import queries
from stockroom.manage.people.rows import (
    HeldRole,
    MeReport,
    NewKeyReport,
    SessionReport,
)
from stockroom.manage.problems import InvalidScope, InvalidText, LastOwner
from stockroom.manage.roles import Roles
from stockroom.manage.subjects import Subject
from stockroom.resources import Directory, Me, OwnKey, OwnSession, OwnTeam
from stockroom.security.scopes import Scope
from stockroom.settings import Settings
from stockroom.web import Request


class SessionList(Struct):
    """Where one is signed in: browsers, then programs."""

    sessions: list[SessionReport]


class MembershipList(Struct):
    """The teams of which one is a member, by name, with one's roles in them."""

    teams: list[HeldRole]


def show_me(context: Me, request: Request) -> MeReport:
    """Show who is asking, by which credential, and the roles that it carries."""
    identity, name_of = request.identity, names(request)
    expires_at = identity.expires_at
    return MeReport(
        identity.subject,
        identity.name,
        identity.credential,
        identity.kind,
        identity.access,
        queries.place_names(identity.places, name_of),
        None if expires_at is None else datetime.fromtimestamp(expires_at, UTC),
        sorted(
            (
                HeldRole(text, role)
                for role, scope in authority(request).held()
                if (text := name_of(scope)) is not None
            ),
            key=lambda held: (held.scope, held.role),
        ),
    )


def list_own_keys(context: Me, request: Request, query: Numbered) -> KeyPage:
    """List one's own keys, revoked ones included.

    This takes a credential that is not limited to less than its owner.
    """
    authority(request).check_whole()
    with read(request) as connection:
        rows = queries.keys(
            connection, actor(request), names(request), limit=query.limit + 1, after=query.after
        )
    return page(KeyPage, rows, query.limit, "id")


@outcome(InvalidScope, InvalidText, status=HTTPStatus.CREATED)
def create_own_key(context: Me, request: Request, body: NewKeyBody) -> NewKeyReport:
    """Make a key, which is shown this once only.

    It takes a browser that is signed in, or a key with admin access. The new key is no wider than
    that one: it has its places unless others inside of them are named, and ends no later.
    """
    return make_key(request, actor(request), body)


def revoke_own_key(context: OwnKey, request: Request) -> None:
    """Revoke a key; its next use fails.

    This takes a credential that is not limited to less than its owner.
    """
    authority(request).check_whole()
    Keys(request.new_session(), actor(request)).revoke(number_of(context), actor(request))


def list_own_sessions(context: Me, request: Request) -> SessionList:
    """List the browsers and programs in which one is signed in.

    This takes a credential that is not limited to less than its owner.
    """
    authority(request).check_whole()
    now = datetime.now(UTC)
    idle = timedelta(hours=request.service(Settings).session_idle_hours)
    user_id = user_id_of(request)
    if user_id is None:
        return SessionList([])
    with read(request) as connection:
        credential = request.identity.credential
        return SessionList(queries.sessions(connection, user_id, now, now - idle, credential))


def revoke_own_session(context: OwnSession, request: Request) -> None:
    """Sign a browser or a program out."""
    Logins(request.new_session(), actor(request)).revoke(user_id_of(request), context.__name__)


def list_own_teams(context: Me, request: Request) -> MembershipList:
    """List the teams of which one is a member.

    This takes a credential that is not limited to less than its owner.
    """
    authority(request).check_whole()
    with read(request) as connection:
        rows = queries.team_roles(connection, actor(request))
    return MembershipList([HeldRole(name, role) for name, role in rows])


@outcome(LastOwner)
def leave_team(context: OwnTeam, request: Request) -> None:
    """Leave a team, which its last owner cannot."""
    team = request.service(Directory).snapshot().teams.get(context.__name__)
    # No team has the number 0: what does not exist takes as long as what is not one's own.
    scope = Scope("team", team.id if team else 0)
    roles = Roles(request.new_session(), actor(request), authority(request))
    subject = Subject(actor(request), f"user:{request.identity.name}")
    roles.leave(subject, scope, f"team:{context.__name__}")


def user_id_of(request: Request) -> int | None:
    """The number of the user who asks; None of a robot."""
    kind, _, number = actor(request).partition(":")
    return int(number) if kind == "user" else None
