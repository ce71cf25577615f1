"""`stockroom team`, `workspace` and `registry`."""

from __future__ import annotations

import click

from stockroom.cli.output import json_option, show
from stockroom.cli.site import ACTOR, Site, pass_site
from stockroom.errors import BadRequest
from stockroom.manage import queries
from stockroom.manage.places import Places

VISIBILITIES = click.Choice(["team", "global", "public"])


@click.group()
def team() -> None:
    """Teams, which own workspaces."""


@team.command("create")
@click.argument("name")
@pass_site
def create_team(site: Site, name: str) -> None:
    """Create the team NAME."""
    with site.write() as session:
        Places(session, ACTOR).create_team(name)
    click.echo(f"created team {name}")


@team.command("list")
@json_option
@pass_site
def list_teams(site: Site, as_json: bool) -> None:
    """List all teams."""
    with site.read() as connection:
        rows = queries.teams(connection)
    show(rows, queries.TeamRow._fields, as_json=as_json)


@click.group()
def workspace() -> None:
    """Workspaces, which hold registries and views."""


@workspace.command("create")
@click.argument("name")
@click.option(
    "--visibility",
    type=VISIBILITIES,
    default="team",
    show_default=True,
    help="Who may read: holders of a grant, everybody with a credential, or anybody.",
)
@click.option("--team", "team_name", help="The owner (default: the team NAME, made if need be).")
@pass_site
def create_workspace(site: Site, name: str, visibility: str, team_name: str | None) -> None:
    """Create the workspace NAME with its hosted registry NAME/main."""
    with site.write() as session:
        Places(session, ACTOR).create_workspace(name, visibility=visibility, team=team_name)
    click.echo(f"created workspace {name} with the registry {name}/main")


@workspace.command("visibility")
@click.argument("name")
@click.argument("visibility", type=VISIBILITIES)
@pass_site
def change_visibility(site: Site, name: str, visibility: str) -> None:
    """Change who may read the workspace NAME."""
    with site.write() as session:
        Places(session, ACTOR).set_visibility(name, visibility)
    click.echo(f"workspace {name} is {visibility} now")


@workspace.command("list")
@json_option
@pass_site
def list_workspaces(site: Site, as_json: bool) -> None:
    """List all workspaces."""
    with site.read() as connection:
        rows = queries.workspaces(connection)
    show(rows, queries.WorkspaceRow._fields, as_json=as_json)


@click.group()
def registry() -> None:
    """Registries, to which packages are published."""


@registry.command("create")
@click.argument("registry", metavar="WORKSPACE/NAME")
@pass_site
def create_registry(site: Site, registry: str) -> None:
    """Create a hosted registry."""
    workspace_name, name = split_registry(registry)
    with site.write() as session:
        Places(session, ACTOR).create_registry(workspace_name, name)
    click.echo(f"created registry {registry}")


@registry.command("list")
@json_option
@pass_site
def list_registries(site: Site, as_json: bool) -> None:
    """List all registries with what they hold."""
    with site.read() as connection:
        rows = queries.registries(connection)
    show(rows, queries.RegistryRow._fields, as_json=as_json)


def split_registry(text: str) -> tuple[str, str]:
    """``WORKSPACE/NAME`` in its two parts; raises BadRequest."""
    workspace_name, slash, name = text.partition("/")
    if not slash or not workspace_name or not name or "/" in name:
        raise BadRequest(f"{text!r} must be WORKSPACE/NAME, such as acme/main")
    return workspace_name, name


COMMANDS = (team, workspace, registry)
