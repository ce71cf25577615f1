"""Reading what signing in by a login method needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, select

from stockroom.models import ExternalAccount, Grant, User
from stockroom.security.permissions import Role


class TeamGrant(NamedTuple):
    """A role of a user in a team; ``source`` is the login method that keeps it, "" is nobody."""

    role: Role
    source: str


def external_account(
    connection: Connection, issuer: str, external_id: str
) -> tuple[int, int] | None:
    """The ids of an account elsewhere, and of its user."""
    query = select(ExternalAccount.id, ExternalAccount.user_id).where(
        ExternalAccount.issuer == issuer, ExternalAccount.external_id == external_id
    )
    row = connection.execute(query).one_or_none()
    return (row[0], row[1]) if row else None


def has_email(connection: Connection, email: str) -> bool:
    """Whether a user has this e-mail address."""
    return connection.execute(select(User.id).where(User.email == email)).first() is not None


def has_name(connection: Connection, name: str) -> bool:
    """Whether a user has this name."""
    return connection.execute(select(User.id).where(User.name == name)).first() is not None


def team_grants(connection: Connection, subject: str) -> Mapping[int, TeamGrant]:
    """The roles of a user in teams, by the ids of these."""
    query = select(Grant.scope_id, Grant.role, Grant.source).where(
        Grant.subject == subject, Grant.scope_kind == "team"
    )
    return {row[0]: TeamGrant(Role(row[1]), row[2]) for row in connection.execute(query)}
