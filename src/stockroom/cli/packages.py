"""`stockroom package`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stockroom.cli import deleting, notes, yanking
from stockroom.cli.arguments import NAME, REGISTRY, split_registry
from stockroom.cli.backends.choosing import pass_backend
from stockroom.cli.output import count, human_size, json_option, print_json, show

if TYPE_CHECKING:
    from stockroom.cli.backends.protocols import Backend
    from stockroom.manage.reports.rows import PackageDocument

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
@pass_backend
def list_packages(
    backend: Backend, registry: str, query: str, status: str | None, as_json: bool
) -> None:
    """List the packages of a registry."""
    rows = backend.packages.find(split_registry(registry), part=query, status=status)
    show(rows, PACKAGE_COLUMNS, as_json=as_json)


@package.command("show")
@REGISTRY
@NAME
@json_option
@pass_backend
def show_package(backend: Backend, registry: str, name: str, as_json: bool) -> None:
    """Show the package NAME: status, notes, and its files, the newest last."""
    from msgspec.structs import asdict

    address = split_registry(registry)
    report = backend.packages.show(address, name)
    files = sorted(backend.packages.files(address, name), key=lambda file: file.uploaded_at)
    if as_json:
        print_json({**asdict(report), "files": files})
        return
    _print_head(report)
    show(files, FILE_COLUMNS, as_json=False)


@package.command("status")
@REGISTRY
@NAME
@click.argument("status", type=STATUSES)
@click.option("--reason", help="Shown to whoever asks for the package.")
@pass_backend
def status(backend: Backend, registry: str, name: str, status: str, reason: str | None) -> None:
    """Set the status of the package NAME.

    An archived package takes no uploads; a quarantined one is not served either. Both can be made
    active again. A deprecated one works as before, and says so.
    """
    backend.packages.set_status(split_registry(registry), name, status, reason)
    click.echo(f"{name} is {status} now")


def _print_head(report: PackageDocument) -> None:
    reason = f": {report.status_reason}" if report.status_reason else ""
    click.echo(f"{report.display_name} is {report.status}{reason}")
    limit = f" of {human_size(report.max_size)}" if report.max_size else ""
    click.echo(f"{human_size(report.size)}{limit} in {count(len(report.releases), 'release')}")
    if report.notes:
        click.echo(f"\n{report.notes}\n")
    for release in report.releases:
        if release.notes:
            click.echo(f"{report.display_name} {release.version}:\n\n{release.notes}\n")


for command in (*yanking.COMMANDS, *notes.COMMANDS, *deleting.COMMANDS):
    package.add_command(command)

COMMANDS = (package,)
