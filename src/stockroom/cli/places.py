"""`stockroom team`, `workspace` and `registry`."""

from __future__ import annotations

import click

from stockroom.cli import policies, retention
from stockroom.cli.arguments import split_registry
from stockroom.cli.output import json_option, show
from stockroom.cli.site import ACTOR, Site, pass_site

VISIBILITIES = click.Choice(["team", "global", "public"])
VISIBILITY_HELP = (
    "Who may install: holders of a key for it (team), of any key (global), everybody (public)."
)


@click.group()
def team() -> None:
    """Manage teams, which own workspaces."""


@team.command("create")
@click.argument("name")
@pass_site
def create_team(site: Site, name: str) -> None:
    """Create the team NAME.

    A workspace without a team of its own gets one of the same name, so that this is for teams
    that own several workspaces.
    """
    from stockroom.manage.places import Places

    with site.write() as session:
        Places(session, ACTOR).create_team(name)
    click.echo(f"created team {name}")


@team.command("list")
@json_option
@pass_site
def list_teams(site: Site, as_json: bool) -> None:
    """List all teams."""
    from stockroom.manage import queries

    with site.read() as connection:
        rows = queries.teams(connection)
    show(rows, queries.TeamRow._fields, as_json=as_json)


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
@pass_site
def create_workspace(site: Site, name: str, visibility: str, team_name: str | None) -> None:
    """Create the workspace NAME with its hosted registry NAME/main."""
    from stockroom.manage.places import Places

    with site.write() as session:
        Places(session, ACTOR).create_workspace(name, visibility=visibility, team=team_name)
    click.echo(f"created workspace {name} with the registry {name}/main")


@workspace.command("visibility")
@click.argument("name")
@click.argument("visibility", type=VISIBILITIES)
@pass_site
def change_visibility(site: Site, name: str, visibility: str) -> None:
    """Change who may install from the workspace NAME.

    With `team` only holders of a key for it may, with `global` holders of any key, with `public`
    everybody.
    """
    from stockroom.manage.places import Places

    with site.write() as session:
        Places(session, ACTOR).set_visibility(name, visibility)
    click.echo(f"workspace {name} is {visibility} now")


@workspace.command("list")
@json_option
@pass_site
def list_workspaces(site: Site, as_json: bool) -> None:
    """List all workspaces."""
    from stockroom.manage import queries

    with site.read() as connection:
        rows = queries.workspaces(connection)
    show(rows, queries.WorkspaceRow._fields, as_json=as_json)


@click.group()
def registry() -> None:
    """Manage registries, to which packages are published."""


@registry.command("create")
@click.argument("registry", metavar="WORKSPACE/NAME")
@pass_site
def create_registry(site: Site, registry: str) -> None:
    """Create a hosted registry, with the view of its name to install from."""
    from stockroom.manage.places import Places

    workspace_name, name = split_registry(registry)
    with site.write() as session:
        Places(session, ACTOR).create_registry(workspace_name, name)
    click.echo(f"created registry {registry}")


@registry.command("list")
@json_option
@pass_site
def list_registries(site: Site, as_json: bool) -> None:
    """List all registries with what they hold."""
    from stockroom.manage import queries

    with site.read() as connection:
        rows = queries.registries(connection)
    show(rows, queries.RegistryRow._fields, as_json=as_json)


for command in policies.TEAM_COMMANDS:
    team.add_command(command)
for command in (*policies.REGISTRY_COMMANDS, *retention.COMMANDS):
    registry.add_command(command)

COMMANDS = (team, workspace, registry)
