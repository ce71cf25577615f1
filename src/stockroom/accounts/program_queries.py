"""Reading and locking the logins of programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, select
from sqlalchemy.orm import Session

from stockroom.models import (
    ApiKey,
    BrowserSession,
    CliLogin,
    Grant,
    Invitation,
    Login,
    RefreshToken,
    Robot,
    Team,
)

Stored = ApiKey | BrowserSession | Invitation


class Approval(NamedTuple):
    """What became of a code that somebody has approved."""

    expires_at: datetime
    collected_at: datetime | None
    revoked_at: datetime | None
    """When the login ended that it has become."""


def approval(connection: Connection, digest: str) -> Approval | None:
    """The state of a code; None as long as nobody has approved it."""
    query = (
        select(CliLogin.expires_at, CliLogin.collected_at, Login.revoked_at)
        .outerjoin(Login, Login.id == CliLogin.login_id)
        .where(CliLogin.digest == digest)
    )
    row = connection.execute(query).one_or_none()
    return Approval._make(row) if row else None


def lock_code(session: Session, digest: str) -> CliLogin | None:
    """A code that was approved, locked."""
    query = select(CliLogin).where(CliLogin.digest == digest).with_for_update()
    return session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def lock_login(session: Session, login_id: int) -> Login | None:
    """A login, locked: whatever is done about its refresh tokens takes this lock first."""
    query = select(Login).where(Login.id == login_id).with_for_update()
    return session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def login_of_refresh_token(connection: Connection, digest: str) -> int | None:
    """The id of the login to whose chain a refresh token belongs."""
    query = select(RefreshToken.login_id).where(RefreshToken.digest == digest)
    return connection.execute(query).scalar_one_or_none()


def refresh_tokens(session: Session, digests: Sequence[str]) -> dict[str, RefreshToken]:
    """Refresh tokens by their digests, as they are now; the login is locked."""
    query = select(RefreshToken).where(RefreshToken.digest.in_(digests))
    found = session.execute(query.execution_options(populate_existing=True)).scalars()
    return {row.digest: row for row in found}


def is_signed_in(session: Session, session_id: int, now: datetime) -> bool:
    """Whether a browser session has not ended."""
    query = select(BrowserSession.id).where(
        BrowserSession.id == session_id,
        BrowserSession.revoked_at.is_(None),
        BrowserSession.expires_at > now,
    )
    return session.execute(query).first() is not None


def teams_of(connection: Connection, subject: str) -> Sequence[str]:
    """The names of the teams of which a user is a member, or of the one that has the robot."""
    kind, _, number = subject.partition(":")
    if kind == "robot":
        query = select(Team.name).join(Robot, Robot.team_id == Team.id)
        query = query.where(Robot.id == int(number))
    else:
        query = select(Team.name).join(Grant, Grant.scope_id == Team.id)
        query = query.where(Grant.subject == subject, Grant.scope_kind == "team")
    return connection.execute(query).scalars().all()


def team_of_robot(session: Session, subject: str) -> int | None:
    """The id of the team that has a robot; None for every other subject."""
    kind, _, number = subject.partition(":")
    if kind != "robot":
        return None
    return session.execute(select(Robot.team_id).where(Robot.id == int(number))).scalar()


def forget_ended(session: Session, before: datetime) -> None:
    """Delete the codes and logins that ended before an instant; their events stay."""
    session.execute(delete(CliLogin).where(CliLogin.expires_at < before))
    session.execute(delete(Login).where(Login.expires_at < before))


def forget_links(session: Session, login_id: int, before: datetime) -> None:
    """Delete the links of a chain that were used before an instant."""
    session.execute(
        delete(RefreshToken).where(RefreshToken.login_id == login_id, RefreshToken.used_at < before)
    )


def id_of_secret(connection: Connection, model: type[Stored], digest: str) -> int | None:
    """The id of the row that keeps the digest of a secret."""
    query = select(model.id).where(model.digest == digest)
    return connection.execute(query).scalar_one_or_none()
