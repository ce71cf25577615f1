"""Subjects as people write them: ``user:ann``, ``robot:acme.ci``, ``robot:ci`` of the server."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, String, and_, cast, literal, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from stockroom.manage.problems import InvalidSubject, NoSuchPlace
from stockroom.manage.texts import is_storable
from stockroom.models import Grant, Robot, Team, User
from stockroom.security.scopes import Scope

HELP = "user:NAME, or robot:TEAM.NAME"


class Subject(NamedTuple):
    """A user or a robot that exists."""

    key: str
    """``user:ID`` or ``robot:ID``."""
    text: str

    @property
    def is_user(self) -> bool:
        """Whether it is a person."""
        return self.key.startswith("user:")


class Known(NamedTuple):
    """Whom a caller knows: who is in one of ``teams`` (None is everybody), or has a role here."""

    teams: frozenset[int] | None
    scope: Scope

    def clause(self, subject: ColumnElement[str]) -> ColumnElement[bool]:
        """Whether they know the user or robot whose subject is ``subject``."""
        if self.teams is None:
            return true()
        kind, id_, package = self.scope
        here = and_(Grant.scope_kind == kind, Grant.scope_id == id_, Grant.package == package)
        fellow = and_(Grant.scope_kind == "team", Grant.scope_id.in_(self.teams))
        return select(Grant.id).where(Grant.subject == subject, or_(here, fellow)).exists()


def find_subject(session: Session, text: str, team_id: int | None, known: Known) -> Subject:
    """Who may hold a role on a place that the team ``team_id`` owns, None being the server.

    Robots hold roles in their own teams only. Whom the caller does not know is answered for like
    somebody who does not exist, so that nobody can try out names (S-61).

    :raises InvalidSubject: it is not written like one.
    :raises NoSuchPlace: there is none that the caller knows.
    """
    kind, _, name = text.partition(":")
    if kind == "user" and name:
        return find_user(session, name, known)
    team, _, short = name.rpartition(".")
    if kind != "robot" or not short:
        raise InvalidSubject(f"{text!r} must be {HELP}")
    in_team = Team.name == team if team else Robot.team_id.is_(None)
    same = Robot.team_id == team_id if team_id is not None else Robot.team_id.is_(None)
    query = select(Robot.id).outerjoin(Team, Team.id == Robot.team_id)
    if known.teams is not None and team_id not in known.teams:
        query = query.where(known.clause(_subject("robot", Robot.id)))
    found = session.execute(query.where(Robot.name == short, in_team, same)).scalar()
    if found is None:
        raise NoSuchPlace(f"there is no {text} that can hold a role here")
    return Subject(f"robot:{found}", text)


def find_user(session: Session, name: str, known: Known) -> Subject:
    """See :func:`find_subject`; raises NoSuchPlace."""
    query = select(User.id).where(User.name == name, known.clause(_subject("user", User.id)))
    found = session.execute(query).scalar() if is_storable(name) else None
    if found is None:
        raise NoSuchPlace(f"you know no user {name}; people whom you do not know are invited")
    return Subject(f"user:{found}", f"user:{name}")


def _subject(kind: str, id_: InstrumentedAttribute[int]) -> ColumnElement[str]:
    return literal(f"{kind}:") + cast(id_, String)
