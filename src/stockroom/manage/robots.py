"""Robots: the service accounts of teams and of the server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from msgspec import UNSET, UnsetType
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from stockroom.feed import emit
from stockroom.manage.authority import Authority
from stockroom.manage.names import check_name, insert_unique
from stockroom.manage.preconditions import check_if_match, tag_of
from stockroom.manage.problems import NameTaken, NoSuchPlace
from stockroom.manage.texts import clean_line, is_storable
from stockroom.models import Grant, Robot
from stockroom.security.permissions import Role
from stockroom.security.scopes import Scope


class Robots:
    """Makes and changes robots in the transaction of ``session``."""

    def __init__(
        self,
        session: Session,
        actor: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        if_match: str | None = None,
    ) -> None:
        self._session = session
        self._actor = actor
        self._if_match = if_match
        self._clock = clock

    def create(self, team_id: int | None, name: str, description: str = "") -> Robot:
        """Make a robot of a team, or of the server; it may do nothing before roles are granted.

        :raises InvalidName: the name breaks the rule for names in URLs.
        :raises InvalidText: the description is no line of text.
        :raises NameTaken: the team has such a robot.
        """
        check_name(name)
        taken = select(Robot.id).where(_of_team(team_id), Robot.name == name)
        if self._session.execute(taken).first():
            raise NameTaken(f"there is a robot {name} already")
        robot = Robot(
            team_id=team_id,
            name=name,
            description=clean_line(description, "the description"),
            created_at=self._clock(),
        )
        insert_unique(self._session, robot, f"there is a robot {name} already")
        self._note("robot.created", robot, before=None, after=_state(robot))
        return robot

    def find(self, team_id: int | None, name: str, *, lock: bool = False) -> Robot:
        """The robot of that name; locked until the end of the transaction if ``lock``.

        :raises NoSuchPlace: the team has none.
        """
        query = select(Robot).where(_of_team(team_id), Robot.name == name)
        if lock:
            query = query.with_for_update()
        robot = self._session.execute(query).scalar_one_or_none() if is_storable(name) else None
        if robot is None:
            raise NoSuchPlace(f"there is no robot {name} here")
        return robot

    def change(
        self,
        team_id: int | None,
        name: str,
        *,
        description: str | UnsetType = UNSET,
        disabled: bool | UnsetType = UNSET,
    ) -> Robot:
        """Change what is given. A disabled robot can do nothing from the next request on.

        :raises NoSuchPlace: there is no such robot.
        :raises InvalidText: the description is no line of text.
        :raises PreconditionFailed: it is in none of the states that ``if_match`` names.
        """
        robot = self.find(team_id, name, lock=True)
        check_if_match(self._if_match, robot_tag(robot))
        before = _state(robot)
        if description is not UNSET:
            robot.description = clean_line(description, "the description")
        if disabled is not UNSET and disabled != bool(robot.disabled_at):
            robot.disabled_at = self._clock() if disabled else None
        if _state(robot) != before:
            self._note("robot.changed", robot, before=before, after=_state(robot))
        return robot

    def check_reach(self, robot: Robot, authority: Authority) -> None:
        """Make sure that a key of a robot gives a caller nothing that they do not have.

        :raises Forbidden: the robot holds a higher role than theirs somewhere.
        """
        query = select(Grant.role, Grant.scope_kind, Grant.scope_id, Grant.package).where(
            Grant.subject == robot_subject(robot)
        )
        for row in self._session.execute(query):
            authority.check(Role(row[0]), Scope(*row[1:]))

    def _note(self, kind: str, robot: Robot, **data: Any) -> None:
        emit(
            self._session,
            kind,
            self._actor,
            team_id=robot.team_id,
            subject=robot_subject(robot),
            name=robot.name,
            **data,
        )


def robot_subject(robot: Robot) -> str:
    """By which grants, credentials and events name a robot."""
    return f"robot:{robot.id}"


def robot_tag(robot: Robot) -> str:
    """The entity tag of what can be changed about a robot."""
    return tag_of(robot.id, robot.description, bool(robot.disabled_at))


def _of_team(team_id: int | None) -> ColumnElement[bool]:
    return Robot.team_id.is_(None) if team_id is None else Robot.team_id == team_id


def _state(robot: Robot) -> dict[str, Any]:
    return {"description": robot.description, "disabled": bool(robot.disabled_at)}
