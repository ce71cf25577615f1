"""Robots of a team, the accounts of programs, and their keys."""

from __future__ import annotations

from http import HTTPStatus

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy.orm import Session

from stockroom.db import Database
from stockroom.errors import InvalidName
from stockroom.manage.api.answers import page
from stockroom.manage.api.calling import actor, authority, names, number_of, read, seen_by
from stockroom.manage.api.keys import KeyPage, NewKeyBody, make_key
from stockroom.manage.api.operations import Tagged, outcome
from stockroom.manage.api.parameters import Numbered, Paging
from stockroom.manage.closing import Closing
from stockroom.manage.keys import Keys
from stockroom.manage.people import queries
from stockroom.manage.people.rows import NewKeyReport, RobotReport
from stockroom.manage.problems import InvalidScope, InvalidText, NameTaken
from stockroom.manage.robots import Robots, robot_subject, robot_tag
from stockroom.models import Robot
from stockroom.resources import RobotKey, RobotResource, TeamResource
from stockroom.web import Request


class NewRobot(Struct, forbid_unknown_fields=True):
    """A robot to make, which has no role yet."""

    name: str
    description: str = ""


class RobotPatch(Struct, forbid_unknown_fields=True):
    """What can be changed about a robot."""

    description: str | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class RobotPage(Struct):
    """Robots by name."""

    robots: list[RobotReport]
    next: str | None


def list_robots(context: TeamResource, request: Request, query: Paging) -> RobotPage:
    """List the robots of a team."""
    with read(request) as connection:
        rows = queries.robots(
            connection, context.row.name, limit=query.limit + 1, after=query.after
        )
    return page(RobotPage, rows, query.limit, "name")


@outcome(InvalidName, InvalidText, NameTaken, status=HTTPStatus.CREATED)
def create_robot(context: TeamResource, request: Request, body: NewRobot) -> Tagged[RobotReport]:
    """Make a robot, which may do nothing before it is given roles."""
    session = request.new_session()
    robot = Robots(session, actor(request)).create(context.row.id, body.name, body.description)
    return _shown(session, context, robot)


def show_robot(context: RobotResource, request: Request) -> Tagged[RobotReport]:
    """Show a robot."""
    with request.service(Database).reading() as session:
        return _shown(session, context.team, _found(context, session))


@outcome(InvalidText)
def change_robot(
    context: RobotResource, request: Request, body: RobotPatch, if_match: str | None
) -> Tagged[RobotReport]:
    """Change a robot. A disabled one can do nothing from the next request on."""
    session = request.new_session()
    robot = Robots(session, actor(request), if_match=if_match).change(
        context.team.row.id,
        context.__name__,
        description=body.description,
        disabled=body.disabled,
    )
    return _shown(session, context.team, robot)


def delete_robot(context: RobotResource, request: Request, if_match: str | None) -> None:
    """Delete a robot with its roles; its keys are revoked."""
    closing = Closing(request.new_session(), actor(request), if_match)
    closing.delete_robot(context.team.row.id, context.__name__)


def list_robot_keys(context: RobotResource, request: Request, query: Numbered) -> KeyPage:
    """List the keys of a robot, revoked ones included."""
    with request.service(Database).reading() as session:
        owner = robot_subject(_found(context, session))
        rows = queries.keys(
            session.connection(), owner, names(request), limit=query.limit + 1, after=query.after
        )
    return page(KeyPage, rows, query.limit, "id")


@outcome(InvalidScope, InvalidText, status=HTTPStatus.CREATED)
def create_robot_key(context: RobotResource, request: Request, body: NewKeyBody) -> NewKeyReport:
    """Make a key for a robot, which is shown this once only.

    Whoever makes it must have every role that the robot has; it is no wider than what they came
    with, and ends no later than that if it is a key.
    """
    with request.service(Database).reading() as session:
        robot = _found(context, session)
        Robots(session, "").check_reach(robot, authority(request))
    return make_key(request, robot_subject(robot), body, context.team.row.id)


def revoke_robot_key(context: RobotKey, request: Request) -> None:
    """Revoke a key of a robot; its next use fails."""
    session = request.new_session()
    owner = robot_subject(_found(context.robot, session))
    Keys(session, actor(request)).revoke(number_of(context), owner)


def _found(context: RobotResource, session: Session) -> Robot:
    return Robots(session, "").find(context.team.row.id, context.__name__)


def _shown(session: Session, context: TeamResource, robot: Robot) -> Tagged[RobotReport]:
    report = queries.robot(seen_by(session), context.row.name, robot.name)
    return Tagged(report, robot_tag(robot))
