"""`stockroom robot`, `invitation` and `grant`; `stockroom team members`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stockroom.cli.backends.choosing import pass_backend
from stockroom.cli.output import json_option, show
from stockroom.manage.people.rows import (
    GrantReport,
    InvitationReport,
    MemberReport,
    RobotReport,
)
from stockroom.manage.problems import SCOPE_HELP
from stockroom.security.permissions import Role

if TYPE_CHECKING:
    from stockroom.cli.backends.protocols import Backend

ROLE = click.Choice([role.value for role in Role])
TEAM = click.argument("team")
SCOPE = click.argument("scope")
SUBJECT = click.argument("subject", metavar="user:NAME|robot:TEAM.NAME")


@click.command("members")
@TEAM
@json_option
@pass_backend
def list_members(backend: Backend, team: str, as_json: bool) -> None:
    """List the members of a team; `stockroom grant` changes their roles."""
    show(backend.people.members(team), MemberReport.__struct_fields__, as_json=as_json)


@click.group()
def robot() -> None:
    """Manage robots, the accounts of programs in a team."""


@robot.command("create")
@TEAM
@click.argument("name")
@click.option("--description", default="", help="What it is for.")
@pass_backend
def create_robot(backend: Backend, team: str, name: str, description: str) -> None:
    """Create the robot NAME of a team; roles are given to it as robot:TEAM.NAME."""
    backend.people.create_robot(team, name, description)
    click.echo(f"created robot:{team}.{name}")


@robot.command("list")
@TEAM
@json_option
@pass_backend
def list_robots(backend: Backend, team: str, as_json: bool) -> None:
    """List the robots of a team."""
    show(backend.people.robots(team), RobotReport.__struct_fields__, as_json=as_json)


@robot.command("delete")
@TEAM
@click.argument("name")
@pass_backend
def delete_robot(backend: Backend, team: str, name: str) -> None:
    """Delete the robot NAME with its roles; its keys are revoked."""
    backend.people.delete_robot(team, name)
    click.echo(f"deleted robot:{team}.{name}")


@click.group()
def invitation() -> None:
    """Invite people to a team."""


@invitation.command("create")
@TEAM
@click.option("--role", type=ROLE, default="writer", show_default=True, help="Of who comes.")
@click.option("--email", help="Whom it is for, to recognise it in the list.")
@pass_backend
def create_invitation(backend: Backend, team: str, role: str, email: str | None) -> None:
    """Print a link that makes one person a member of a team, within seven days.

    Without the setting stockroom.base_url it is a path on the server.
    """
    click.echo(backend.people.invite(team, role, email))


@invitation.command("list")
@TEAM
@json_option
@pass_backend
def list_invitations(backend: Backend, team: str, as_json: bool) -> None:
    """List the invitations to a team; their links are not known any more."""
    rows = backend.people.invitations(team)
    show(rows, InvitationReport.__struct_fields__, as_json=as_json)


@invitation.command("revoke")
@TEAM
@click.argument("number", metavar="ID", type=int)
@pass_backend
def revoke_invitation(backend: Backend, team: str, number: int) -> None:
    """Make the link of the invitation ID useless."""
    backend.people.revoke_invitation(team, number)
    click.echo(f"revoked invitation {number}")


@click.group()
def grant() -> None:
    """Manage roles of users and robots on places."""


@grant.command("list")
@SCOPE
@json_option
@pass_backend
def list_grants(backend: Backend, scope: str, as_json: bool) -> None:
    """List the roles on SCOPE itself; on a team, those on all that it owns as well."""
    show(backend.people.grants(scope), GrantReport.__struct_fields__, as_json=as_json)


@grant.command("set", help=f"Give a role on SCOPE in place of another one. SCOPE is {SCOPE_HELP}.")
@SCOPE
@SUBJECT
@click.argument("role", type=ROLE)
@pass_backend
def set_grant(backend: Backend, scope: str, subject: str, role: str) -> None:
    """Give a role on SCOPE in place of another one."""
    backend.people.give(scope, subject, role)
    click.echo(f"{subject} is {role} of {scope} now")


@grant.command("remove")
@SCOPE
@SUBJECT
@pass_backend
def remove_grant(backend: Backend, scope: str, subject: str) -> None:
    """Take the role on SCOPE; it is gone at the next request."""
    backend.people.take(scope, subject)
    click.echo(f"{subject} has no role of its own on {scope} any more")


TEAM_COMMANDS = (list_members,)
COMMANDS = (robot, invitation, grant)
