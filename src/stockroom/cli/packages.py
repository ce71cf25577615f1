"""`stockroom package`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stockroom.cli.output import json_option, show
from stockroom.cli.places import split_registry
from stockroom.cli.site import ACTOR, Site, pass_site

if TYPE_CHECKING:
    from sqlalchemy import Connection

REGISTRY = click.argument("registry", metavar="WORKSPACE/REGISTRY")
STATUSES = click.Choice(["active", "archived", "deprecated", "quarantined"])


@click.group()
def package() -> None:
    """Manage the packages in a registry."""


@package.command("list")
@REGISTRY
@json_option
@pass_site
def list_packages(site: Site, registry: str, as_json: bool) -> None:
    """List the packages of a registry."""
    from stockroom.manage import queries

    with site.read() as connection:
        rows = queries.packages(connection, _find(connection, registry))
    show(rows, queries.PackageRow._fields, as_json=as_json)


@package.command("show")
@REGISTRY
@click.argument("name")
@json_option
@pass_site
def show_package(site: Site, registry: str, name: str, as_json: bool) -> None:
    """List the files of the package NAME, the newest last."""
    from stockroom.dists import normalize
    from stockroom.manage import queries
    from stockroom.manage.problems import NoSuchPlace

    with site.read() as connection:
        rows = queries.files(connection, _find(connection, registry), normalize(name))
    if not rows:
        raise NoSuchPlace(f"there is no package {name} in {registry}")
    show(rows, queries.FileRow._fields, as_json=as_json)


@package.command("yank")
@REGISTRY
@click.argument("name")
@click.argument("version")
@click.option("--reason", help="Shown to whoever installs it all the same.")
@pass_site
def yank(site: Site, registry: str, name: str, version: str, reason: str | None) -> None:
    """Yank the release VERSION: resolvers skip it unless it is pinned."""
    from stockroom.manage.packages import Packages

    with site.write() as session:
        count = Packages(session, ACTOR).set_yanked(
            *split_registry(registry), name, version, yanked=True, reason=reason
        )
    click.echo(f"yanked {name} {version} ({_files(count)})")


@package.command("unyank")
@REGISTRY
@click.argument("name")
@click.argument("version")
@pass_site
def unyank(site: Site, registry: str, name: str, version: str) -> None:
    """Take back the yanking of the release VERSION."""
    from stockroom.manage.packages import Packages

    with site.write() as session:
        count = Packages(session, ACTOR).set_yanked(
            *split_registry(registry), name, version, yanked=False
        )
    click.echo(f"unyanked {name} {version} ({_files(count)})")


@package.command("status")
@REGISTRY
@click.argument("name")
@click.argument("status", type=STATUSES)
@click.option("--reason", help="Shown to whoever asks for the package.")
@pass_site
def status(site: Site, registry: str, name: str, status: str, reason: str | None) -> None:
    """Set the status of the package NAME.

    An archived package takes no uploads; a quarantined one is not served either. Both can be made
    active again. A deprecated one works as before, and says so.
    """
    from stockroom.manage.packages import Packages

    with site.write() as session:
        Packages(session, ACTOR).set_status(*split_registry(registry), name, status, reason)
    click.echo(f"{name} is {status} now")


def _find(connection: Connection, registry: str) -> int:
    from stockroom.manage import queries
    from stockroom.manage.problems import NoSuchPlace

    found = queries.find_registry(connection, *split_registry(registry))
    if found is None:
        raise NoSuchPlace(f"there is no registry {registry}; `stockroom registry list` shows all")
    return found


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


COMMANDS = (package,)
