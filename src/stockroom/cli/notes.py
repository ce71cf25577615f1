"""`stockroom package notes`."""

from __future__ import annotations

from typing import BinaryIO

import click

from stockroom.cli.arguments import NAME, REGISTRY, VERSION, find_registry, split_registry
from stockroom.cli.site import ACTOR, Site, pass_site


@click.command("notes")
@REGISTRY
@NAME
@VERSION
@click.option("--set", "text", metavar="TEXT", help="Replace the notes.")
@click.option(
    "--from", "file", type=click.File("rb"), help="Replace the notes by a file; - is the input."
)
@click.option("--clear", is_flag=True, help="Remove the notes.")
@pass_site
def notes(
    site: Site,
    registry: str,
    name: str,
    version: str | None,
    text: str | None,
    file: BinaryIO | None,
    clear: bool,
) -> None:
    """Show or replace the notes on the package NAME, or on its release VERSION.

    Notes are Markdown for the people of the registry, up to 64 KiB; no installer sees them.
    """
    given = (text is not None) + (file is not None) + clear
    if given > 1:
        raise click.UsageError("give one of --set, --from and --clear")
    if not given:
        found = _read(site, registry, name, version)
        if found:
            click.echo(found)
        return
    _write(site, registry, name, version, _decode(file) if file is not None else text)
    what = f"{name} {version}" if version else name
    click.echo(f"{'removed' if clear else 'wrote'} the notes on {what}")


def _read(site: Site, registry: str, name: str, version: str | None) -> str | None:
    from stockroom.manage.reports import queries

    with site.read() as connection:
        head = queries.package_head(connection, find_registry(connection, registry), name)
        if version is None:
            return head.notes
        return queries.release_report(connection, head, version).notes


def _write(site: Site, registry: str, name: str, version: str | None, text: str | None) -> None:
    from stockroom.manage.packages import Packages

    address = (*split_registry(registry), name)
    with site.write() as session:
        packages = Packages(session, ACTOR)
        if version is None:
            packages.set_notes(*address, text)
        else:
            packages.set_release_notes(*address, version, text)


def _decode(file: BinaryIO) -> str:
    from stockroom.manage.problems import InvalidText

    try:
        return file.read().decode()
    except UnicodeDecodeError as error:
        raise InvalidText(f"the notes must be UTF-8: {error}") from error


COMMANDS = (notes,)
