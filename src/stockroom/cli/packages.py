"""`stockroom package`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stockroom.cli import deleting, notes, yanking
from stockroom.cli.arguments import NAME, REGISTRY, find_registry, split_registry
from stockroom.cli.output import count, human_size, json_option, print_json, show
from stockroom.cli.site import ACTOR, Site, pass_site

if TYPE_CHECKING:
    from stockroom.manage.reports.rows import PackageReport

STATUSES = click.Choice(["active", "archived", "deprecated", "quarantined"])
PACKAGE_COLUMNS = ("name", "status", "releases", "files", "size", "serial")
FILE_COLUMNS = (
    "version",
    "filename",
    "size",
    "yanked",
    "yanked_reason",
    "uploaded_at",
    "uploaded_by",
    "downloaded_at",
)


@click.group()
def package() -> None:
    """Manage the packages in a registry."""


@package.command("list")
@REGISTRY
@click.option("--query", default="", metavar="TEXT", help="Only names that contain this.")
@click.option("--status", type=STATUSES, help="Only packages of this status.")
@json_option
@pass_site
def list_packages(site: Site, registry: str, query: str, status: str | None, as_json: bool) -> None:
    """List the packages of a registry."""
    from stockroom.manage.reports import queries

    with site.read() as connection:
        rows = queries.package_page(
            connection, find_registry(connection, registry), part=query, status=status
        )
    show(rows, PACKAGE_COLUMNS, as_json=as_json)


@package.command("show")
@REGISTRY
@NAME
@json_option
@pass_site
def show_package(site: Site, registry: str, name: str, as_json: bool) -> None:
    """Show the package NAME: status, notes, and its files, the newest last."""
    from msgspec.structs import asdict

    from stockroom.manage.reports import queries
    from stockroom.manage.reports.documents import package_document
    from stockroom.manage.usage.queries import find_place

    with site.read() as connection:
        place = find_place(connection, *split_registry(registry))
        head = queries.package_head(connection, place.id, name)
        report = queries.package_report(connection, head)
        files = queries.package_files(connection, head)
    document = package_document(report, place.policy, place.team_policy)
    if as_json:
        print_json({**asdict(document), "files": files})
        return
    _print_head(report, document.max_size)
    show(files, FILE_COLUMNS, as_json=False)


@package.command("status")
@REGISTRY
@NAME
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


def _print_head(report: PackageReport, quota: int | None) -> None:
    reason = f": {report.status_reason}" if report.status_reason else ""
    click.echo(f"{report.display_name} is {report.status}{reason}")
    limit = f" of {human_size(quota)}" if quota else ""
    click.echo(f"{human_size(report.size)}{limit} in {count(len(report.releases), 'release')}")
    if report.notes:
        click.echo(f"\n{report.notes}\n")
    for release in report.releases:
        if release.notes:
            click.echo(f"{report.display_name} {release.version}:\n\n{release.notes}\n")


for command in (*yanking.COMMANDS, *notes.COMMANDS, *deleting.COMMANDS):
    package.add_command(command)

COMMANDS = (package,)
