"""People, robots and roles of the server on this machine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stockroom.cli.site import ACTOR, Site
from stockroom.manage.authority import Authority
from stockroom.manage.closing import Closing
from stockroom.manage.invitations import Invitations
from stockroom.manage.people import queries
from stockroom.manage.robots import Robots
from stockroom.manage.roles import Roles
from stockroom.manage.scopes import TEAM_PREFIX, find_scope, team_of
from stockroom.manage.subjects import Known, find_subject
from stockroom.manage.usage.queries import find_team
from stockroom.manage.users import Users
from stockroom.resources.directory import read_snapshot
from stockroom.security.identity import Identity
from stockroom.security.permissions import CredentialKind, Role, principal
from stockroom.security.scopes import SERVER, Scope

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from stockroom.manage.people.rows import (
        GrantReport,
        InvitationReport,
        MemberReport,
        RobotReport,
        UserReport,
    )

OPERATOR = Authority(
    Identity(
        ACTOR,
        ACTOR,
        CredentialKind.SESSION,
        ACTOR,
        frozenset({principal(Role.OWNER, SERVER.kind, SERVER.id)}),
    ),
    lambda scope: frozenset({SERVER, scope}),
)
"""Whoever may write to the database may give every role."""


class LocalPeople:
    """People in the database of ``site``."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def users(self, part: str) -> list[UserReport]:
        """See People."""
        with self._site.read() as connection:
            return queries.users(connection, part=part)

    def set_disabled(self, name: str, *, disabled: bool) -> None:
        """See People."""
        with self._site.write() as session:
            Users(session, ACTOR).change(name, disabled=disabled)

    def members(self, team: str) -> list[MemberReport]:
        """See People."""
        with self._site.read() as connection:
            return queries.members(connection, _team(connection, team).id)

    def robots(self, team: str) -> list[RobotReport]:
        """See People."""
        with self._site.read() as connection:
            _team(connection, team)
            return queries.robots(connection, team)

    def create_robot(self, team: str, name: str, description: str) -> None:
        """See People."""
        with self._site.write() as session:
            owner = _team(session.connection(), team)
            Robots(session, ACTOR).create(owner.id, name, description)

    def delete_robot(self, team: str, name: str) -> None:
        """See People."""
        with self._site.write() as session:
            owner = _team(session.connection(), team)
            Closing(session, ACTOR).delete_robot(owner.id, name)

    def invitations(self, team: str) -> list[InvitationReport]:
        """See People."""
        with self._site.read() as connection:
            return queries.invitations(connection, _team(connection, team), datetime.now(UTC))

    def invite(self, team: str, role: str, email: str | None) -> str:
        """See People."""
        base = self._site.configuration.settings.base_url or ""
        with self._site.write() as session:
            place = _team(session.connection(), team)
            _, minted = Invitations(session, ACTOR).create(place, Role(role), email)
        return f"{base}/join/{minted.secret}"

    def revoke_invitation(self, team: str, number: int) -> None:
        """See People."""
        with self._site.write() as session:
            Invitations(session, ACTOR).revoke(_team(session.connection(), team), number)

    def grants(self, scope: str) -> list[GrantReport]:
        """See People."""
        self._site.check_schema()
        with self._site.database.reading() as session:
            place, connection = find_scope(session, scope), session.connection()
            name_of = read_snapshot(connection).name_of
            if scope.startswith(TEAM_PREFIX):
                return queries.grants_of_team(connection, place.id, name_of)
            return queries.grants_on(connection, place, name_of)

    def give(self, scope: str, subject: str, role: str) -> None:
        """See People."""
        with self._site.write() as session:
            place = find_scope(session, scope)
            holder = find_subject(session, subject, team_of(session, place), Known(None, place))
            Roles(session, ACTOR, OPERATOR).give(holder, Role(role), place, scope)

    def take(self, scope: str, subject: str) -> None:
        """See People."""
        with self._site.write() as session:
            place = find_scope(session, scope)
            holder = find_subject(session, subject, team_of(session, place), Known(None, place))
            Roles(session, ACTOR, OPERATOR).take(holder, place, scope)


def _team(connection: Connection, name: str) -> Scope:
    team_id, _ = find_team(connection, name)
    return Scope("team", team_id)
