"""`stockroom team`, `workspace` and `registry`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stockroom.cli import people, policies, retention
from stockroom.cli.arguments import split_registry
from stockroom.cli.backends.choosing import pass_backend
from stockroom.cli.output import json_option, show

if TYPE_CHECKING:
    from stockroom.cli.backends.protocols import Backend

VISIBILITIES = click.Choice(["team", "global", "public"])
VISIBILITY_HELP = (
    "Who may install: holders of a key for it (team), of any key (global), everybody (public)."
)


@click.group()
def team() -> None:
    """Manage teams, which own workspaces."""


@team.command("create")
@click.argument("name")
@pass_backend
def create_team(backend: Backend, name: str) -> None:
    """Create the team NAME.

    A workspace without a team of its own gets one of the same name, so that this is for teams
    that own several workspaces.
    """
    backend.teams.create(name)
    click.echo(f"created team {name}")


@team.command("list")
@json_option
@pass_backend
def list_teams(backend: Backend, as_json: bool) -> None:
    """List all teams."""
    from stockroom.manage.reports.rows import TeamRow

    show(backend.teams.find(), TeamRow.__struct_fields__, as_json=as_json)


@click.group()
def workspace() -> None:
    """Manage workspaces, which hold registries and views."""


@workspace.command("create")
@click.argument("name")
@click.option(
    "--visibility", type=VISIBILITIES, default="team", show_default=True, help=VISIBILITY_HELP
)
@click.option(
    "--team",
    "team_name",
    metavar="TEAM",
    help="The owner  [default: the team NAME, made if absent]",
)
@pass_backend
def create_workspace(backend: Backend, name: str, visibility: str, team_name: str | None) -> None:
    """Create the workspace NAME with its hosted registry NAME/main."""
    backend.workspaces.create(name, visibility, team_name)
    click.echo(f"created workspace {name} with the registry {name}/main")


@workspace.command("visibility")
@click.argument("name")
@click.argument("visibility", type=VISIBILITIES)
@pass_backend
def change_visibility(backend: Backend, name: str, visibility: str) -> None:
    """Change who may install from the workspace NAME.

    With `team` only holders of a key for it may, with `global` holders of any key, with `public`
    everybody.
    """
    backend.workspaces.set_visibility(name, visibility)
    click.echo(f"workspace {name} is {visibility} now")


@workspace.command("list")
@json_option
@pass_backend
def list_workspaces(backend: Backend, as_json: bool) -> None:
    """List all workspaces."""
    from stockroom.manage.reports.rows import WorkspaceRow

    show(backend.workspaces.find(), WorkspaceRow.__struct_fields__, as_json=as_json)


@click.group()
def registry() -> None:
    """Manage registries, to which packages are published."""


@registry.command("create")
@click.argument("registry", metavar="WORKSPACE/NAME")
@pass_backend
def create_registry(backend: Backend, registry: str) -> None:
    """Create a hosted registry, with the view of its name to install from."""
    backend.registries.create(split_registry(registry))
    click.echo(f"created registry {registry}")


@registry.command("list")
@json_option
@pass_backend
def list_registries(backend: Backend, as_json: bool) -> None:
    """List all registries with what they hold."""
    from stockroom.manage.reports.rows import RegistryRow

    show(backend.registries.find(), RegistryRow.__struct_fields__, as_json=as_json)


for command in (*policies.TEAM_COMMANDS, *people.TEAM_COMMANDS):
    team.add_command(command)
for command in (*policies.REGISTRY_COMMANDS, *retention.COMMANDS):
    registry.add_command(command)

COMMANDS = (team, workspace, registry)
