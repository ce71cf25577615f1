"""Reading people, robots, their roles and their credentials, a page after a name or a number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)

from stockroom.manage.people.rows import (
    GrantReport,
    InvitationReport,
    KeyReport,
    MemberReport,
    RobotReport,
    SessionReport,
    UserReport,
)
from stockroom.manage.problems import NoSuchPlace
from stockroom.models import (
    ApiKey,
    BrowserSession,
    Grant,
    Invitation,
    Login,
    Registry,
    Robot,
    SecurityKey,
    Team,
    User,
    View,
    Workspace,
)
from stockroom.security.permissions import Role
from stockroom.security.scopes import SERVER, Scope

NameOf = Callable[[Scope], str | None]
"""Gives a scope as people write it; None for what is gone."""

USER = literal("user:") + cast(User.id, String)
ROBOT = literal("robot:") + cast(Robot.id, String)


def users(
    connection: Connection,
    *,
    limit: int | None = None,
    after: str = "",
    part: str = "",
    disabled: bool | None = None,
) -> list[UserReport]:
    """Users by name, of whom name, full name or e-mail address contains ``part``."""
    query = _users().where(User.name > after).order_by(User.name).limit(limit)
    if part:
        columns = (User.name, User.full_name, User.email)
        query = query.where(
            or_(*(func.lower(column).contains(part.lower(), autoescape=True) for column in columns))
        )
    if disabled is not None:
        is_disabled = User.disabled_at.is_not(None)
        query = query.where(is_disabled if disabled else ~is_disabled)
    return [UserReport(*row) for row in connection.execute(query)]


def user(connection: Connection, name: str) -> UserReport:
    """A user by name; raises NoSuchPlace."""
    row = connection.execute(_users().where(User.name == name)).one_or_none()
    return UserReport(*_need(row, f"there is no user {name}"))


def _users() -> Select[*tuple[Any, ...]]:
    role = select(Grant.role).where(Grant.subject == USER, *_on(SERVER)).scalar_subquery()
    disabled = User.disabled_at.is_not(None)
    has_security_key = exists().where(SecurityKey.user_id == User.id)
    return select(
        User.name,
        User.full_name,
        User.email,
        role,
        disabled,
        User.password.is_not(None),
        or_(User.totp_secret.is_not(None), has_security_key),
        User.created_at,
    )


def members(
    connection: Connection, team_id: int, *, limit: int | None = None, after: str = ""
) -> list[MemberReport]:
    """Members of a team by name."""
    query = _members(team_id).where(User.name > after).order_by(User.name).limit(limit)
    return [MemberReport(*row) for row in connection.execute(query)]


def member(connection: Connection, team_id: int, name: str) -> MemberReport:
    """A member of a team by name; raises NoSuchPlace."""
    row = connection.execute(_members(team_id).where(User.name == name)).one_or_none()
    return MemberReport(*_need(row, f"the team has no member {name}"))


def _members(team_id: int) -> Select[*tuple[Any, ...]]:
    disabled = User.disabled_at.is_not(None)
    return (
        select(User.name, User.full_name, Grant.role, disabled, Grant.created_at, Grant.source)
        .join(Grant, Grant.subject == USER)
        .where(*_on(Scope("team", team_id)))
    )


def robots(
    connection: Connection, team: str, *, limit: int | None = None, after: str = ""
) -> list[RobotReport]:
    """Robots of a team by name."""
    query = _robots(team).where(Robot.name > after).order_by(Robot.name).limit(limit)
    return [RobotReport(*row) for row in connection.execute(query)]


def robot(connection: Connection, team: str, name: str) -> RobotReport:
    """A robot of a team by name; raises NoSuchPlace."""
    row = connection.execute(_robots(team).where(Robot.name == name)).one_or_none()
    return RobotReport(*_need(row, f"the team {team} has no robot {name}"))


def _robots(team: str) -> Select[*tuple[Any, ...]]:
    subject = literal(f"robot:{team}.") + Robot.name
    disabled = Robot.disabled_at.is_not(None)
    return (
        select(Robot.name, subject, Robot.description, disabled, Robot.created_at)
        .join(Team, Team.id == Robot.team_id)
        .where(Team.name == team)
    )


def grants_on(
    connection: Connection,
    scope: Scope,
    name_of: NameOf,
    *,
    limit: int | None = None,
    after: int = 0,
) -> list[GrantReport]:
    """Roles on one very place, in the order in which they were first given."""
    return _grants(connection, and_(*_on(scope)), name_of, limit=limit, after=after)


def grant_on(
    connection: Connection, scope: Scope, subject: str, text: str, name_of: NameOf
) -> GrantReport:
    """The role of a subject on one very place.

    :raises NoSuchPlace: it has none of its own there.
    """
    clause = and_(Grant.subject == subject, *_on(scope))
    found = _grants(connection, clause, name_of, limit=1, after=0)
    if not found:
        raise NoSuchPlace(f"{text} has no role of its own on {name_of(scope)}")
    return found[0]


def grants_of_team(
    connection: Connection,
    team_id: int,
    name_of: NameOf,
    *,
    limit: int | None = None,
    after: int = 0,
) -> list[GrantReport]:
    """Roles on a team and on everything that it owns."""
    workspaces = select(Workspace.id).where(Workspace.team_id == team_id)
    registries = select(Registry.id).where(Registry.workspace_id.in_(workspaces))
    views = select(View.id).where(View.workspace_id.in_(workspaces))
    clause = or_(
        and_(Grant.scope_kind == "team", Grant.scope_id == team_id),
        and_(Grant.scope_kind == "workspace", Grant.scope_id.in_(workspaces)),
        and_(Grant.scope_kind.in_(("registry", "package")), Grant.scope_id.in_(registries)),
        and_(Grant.scope_kind == "view", Grant.scope_id.in_(views)),
    )
    return _grants(connection, clause, name_of, limit=limit, after=after)


def _grants(
    connection: Connection,
    clause: ColumnElement[bool],
    name_of: NameOf,
    *,
    limit: int | None,
    after: int,
) -> list[GrantReport]:
    query = (
        select(
            Grant.id,
            Grant.subject,
            Grant.role,
            Grant.source,
            Grant.created_at,
            Grant.scope_kind,
            Grant.scope_id,
            Grant.package,
        )
        .where(clause, Grant.id > after)
        .order_by(Grant.id)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    names = subject_names(connection, (row[1] for row in rows))
    return [
        GrantReport(row[0], names[row[1]], row[2], name_of(Scope(*row[5:])) or "", row[3], row[4])
        for row in rows
    ]


def invitations(
    connection: Connection, scope: Scope, now: datetime, *, limit: int | None = None, after: int = 0
) -> list[InvitationReport]:
    """Invitations to a place, the oldest first."""
    query = (
        select(Invitation)
        .where(
            Invitation.scope_kind == scope.kind,
            Invitation.scope_id == scope.id,
            Invitation.id > after,
        )
        .order_by(Invitation.id)
        .limit(limit)
    )
    rows = connection.execute(query.with_only_columns(*Invitation.__table__.c)).all()
    names = subject_names(connection, (row.invited_by for row in rows))
    return [
        InvitationReport(
            row.id,
            row.role,
            row.email,
            invitation_status(row.accepted_at, row.revoked_at, row.expires_at, now),
            names[row.invited_by],
            row.created_at,
            row.expires_at,
        )
        for row in rows
    ]


def invitation_status(
    accepted_at: datetime | None, revoked_at: datetime | None, expires_at: datetime, now: datetime
) -> str:
    """What has become of an invitation."""
    if accepted_at is not None:
        return "accepted"
    if revoked_at is not None:
        return "revoked"
    return "expired" if expires_at <= now else "open"


def keys(
    connection: Connection, owner: str, name_of: NameOf, *, limit: int, after: int = 0
) -> list[KeyReport]:
    """API keys of a subject, the oldest first, revoked ones included."""
    clause = and_(ApiKey.subject == owner, ApiKey.id > after)
    return _keys(connection, clause, name_of, limit)


def key_by_digest(connection: Connection, digest: str, name_of: NameOf) -> KeyReport:
    """The key that was just made."""
    [found] = _keys(connection, ApiKey.digest == digest, name_of, 1)
    return found


def _keys(
    connection: Connection, clause: ColumnElement[bool], name_of: NameOf, limit: int
) -> list[KeyReport]:
    query = select(*ApiKey.__table__.c).where(clause).order_by(ApiKey.id).limit(limit)
    rows = connection.execute(query).all()
    makers = subject_names(connection, (row.created_by for row in rows))
    return [
        KeyReport(
            row.id,
            row.name,
            row.hint,
            row.access,
            place_names(row.places, name_of),
            row.created_at,
            makers[row.created_by],
            row.expires_at,
            row.used_at,
            row.used_from,
            row.revoked_at,
        )
        for row in rows
    ]


def place_names(places: Iterable[Iterable[object]] | None, name_of: NameOf) -> list[str] | None:
    """The limits of a key as people write them, without what is gone."""
    if places is None:
        return None
    names = (name_of(Scope(*place)) for place in places)  # type: ignore[arg-type]
    return [name for name in names if name is not None]


def sessions(
    connection: Connection, user_id: int, now: datetime, idle_since: datetime, current: str
) -> list[SessionReport]:
    """Where a user is signed in, the oldest first: browsers, then programs.

    ``current`` is the credential with which the caller came.
    """
    browsers = (
        select(
            BrowserSession.id,
            BrowserSession.user_agent,
            BrowserSession.address,
            BrowserSession.created_at,
            BrowserSession.seen_at,
            BrowserSession.expires_at,
        )
        .where(
            BrowserSession.user_id == user_id,
            BrowserSession.revoked_at.is_(None),
            BrowserSession.pending.is_(False),
            BrowserSession.expires_at > now,
            BrowserSession.seen_at > idle_since,
        )
        .order_by(BrowserSession.id)
    )
    programs = (
        select(
            Login.id, Login.name, Login.address, Login.created_at, Login.seen_at, Login.expires_at
        )
        .where(Login.user_id == user_id, Login.revoked_at.is_(None), Login.expires_at > now)
        .order_by(Login.id)
    )
    found = []
    kinds = (("browser", "session", browsers), ("program", "login", programs))
    for kind, prefix, query in kinds:
        for row in connection.execute(query):
            id_ = f"{prefix}:{row[0]}"
            found.append(SessionReport(id_, kind, row[1], row[2], id_ == current, *row[3:]))
    return found


def team_roles(connection: Connection, subject: str) -> list[tuple[str, str]]:
    """The teams of which a subject is a member, by name, with its roles."""
    query = (
        select(Team.name, Grant.role)
        .join(Grant, and_(Grant.scope_kind == "team", Grant.scope_id == Team.id))
        .where(Grant.subject == subject)
        .order_by(Team.name)
    )
    return [(row[0], Role(row[1])) for row in connection.execute(query)]


def subject_names(connection: Connection, subjects: Iterable[str]) -> dict[str, str]:
    """Subjects as people write them, by their keys; what has no name stays as it is."""
    wanted = set(subjects)
    names = {subject: subject for subject in wanted}
    ids: dict[str, list[int]] = {"user": [], "robot": []}
    for subject in wanted:
        kind, _, number = subject.partition(":")
        if kind in ids and number.isdigit():
            ids[kind].append(int(number))
    if ids["user"]:
        found = select(User.id, User.name).where(User.id.in_(ids["user"]))
        names.update((f"user:{row[0]}", f"user:{row[1]}") for row in connection.execute(found))
    if ids["robot"]:
        of_team = (
            select(Robot.id, Robot.name, Team.name)
            .outerjoin(Team, Team.id == Robot.team_id)
            .where(Robot.id.in_(ids["robot"]))
        )
        for id_, name, team in connection.execute(of_team):
            names[f"robot:{id_}"] = f"robot:{team}.{name}" if team else f"robot:{name}"
    return names


def _on(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    kind, id_, package = scope
    return Grant.scope_kind == kind, Grant.scope_id == id_, Grant.package == package


def _need(row: Any, sentence: str) -> Any:
    if row is None:
        raise NoSuchPlace(sentence)
    return row
