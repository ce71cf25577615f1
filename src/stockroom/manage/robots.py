"""Robots: the service accounts of teams and of the server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from stockroom.feed import emit
from stockroom.manage.names import check_name
from stockroom.manage.problems import NameTaken
from stockroom.models import Robot


class Robots:
    """Makes robots in the transaction of ``session``."""

    def __init__(
        self,
        session: Session,
        actor: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._actor = actor
        self._clock = clock

    def create(self, team_id: int | None, name: str, description: str = "") -> Robot:
        """Make a robot of a team, or of the server; it may do nothing before roles are granted.

        :raises InvalidName: the name breaks the rule for names in URLs.
        :raises NameTaken: the team has such a robot.
        """
        check_name(name)
        same_team = Robot.team_id.is_(None) if team_id is None else Robot.team_id == team_id
        taken = select(Robot.id).where(same_team, Robot.name == name)
        if self._session.execute(taken).first():
            raise NameTaken(f"there is a robot {name} already")
        robot = Robot(team_id=team_id, name=name, description=description, created_at=self._clock())
        self._session.add(robot)
        self._session.flush()
        emit(
            self._session,
            "robot.created",
            self._actor,
            team_id=team_id,
            subject=f"robot:{robot.id}",
            name=name,
        )
        return robot
