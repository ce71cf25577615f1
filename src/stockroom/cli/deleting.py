"""`stockroom package delete`, `burnt` and `unburn`."""

from __future__ import annotations

import click

from stockroom.cli.arguments import (
    FILE,
    NAME,
    REASON,
    REGISTRY,
    VERSION,
    check_not_both,
    find_registry,
    split_registry,
)
from stockroom.cli.output import count, human_size, json_option, show
from stockroom.cli.site import ACTOR, Site, pass_site


@click.command("delete")
@REGISTRY
@NAME
@VERSION
@FILE
@click.option("--confirm", metavar="NAME", help="The name typed again, for scripts.")
@REASON
@pass_site
def delete(
    site: Site,
    registry: str,
    name: str,
    version: str | None,
    filename: str | None,
    confirm: str | None,
    reason: str | None,
) -> None:
    """Delete the package NAME, its release VERSION, or one file, for ever.

    Asks for the name, version or file name once more. The names of deleted files cannot be used
    again, unless the registry's setting burn_filenames is off.
    """
    from stockroom.manage.deletions import Deletions

    check_not_both(version, filename)
    address = (*split_registry(registry), name)
    typed = confirm or click.prompt(
        f"This deletes for ever. Type {filename or version or name} to go on"
    )
    with site.write() as session:
        deletions = Deletions(session, ACTOR)
        if filename is not None:
            deleted = deletions.delete_file(*address, filename, confirm=typed, reason=reason)
        elif version is not None:
            deleted = deletions.delete_release(*address, version, confirm=typed, reason=reason)
        else:
            deleted = deletions.delete_package(*address, confirm=typed, reason=reason)
    what = filename or (f"{name} {version}" if version else name)
    click.echo(f"deleted {what} ({count(len(deleted.files), 'file')}, {human_size(deleted.size)})")
    if deleted.burnt:
        click.echo("names of deleted files cannot be used again; `stockroom package burnt` lists")


@click.command("burnt")
@REGISTRY
@click.option("--package", default="", metavar="NAME", help="Only names of this package's files.")
@json_option
@pass_site
def burnt(site: Site, registry: str, package: str, as_json: bool) -> None:
    """List the names of deleted files, which cannot be used again."""
    from stockroom.manage.reports import queries
    from stockroom.manage.reports.rows import BurntReport

    with site.read() as connection:
        rows = queries.burnt_page(connection, find_registry(connection, registry), package=package)
    show(rows, BurntReport.__struct_fields__, as_json=as_json)


@click.command("unburn")
@REGISTRY
@click.argument("filename")
@pass_site
def unburn(site: Site, registry: str, filename: str) -> None:
    """Let FILENAME be published again.

    Whoever has the digest of the deleted file in a lock file will refuse another one.
    """
    from stockroom.manage.burnt import BurntFilenames

    with site.write() as session:
        BurntFilenames(session, ACTOR).lift(*split_registry(registry), filename)
    click.echo(f"{filename} can be published again")


COMMANDS = (delete, burnt, unburn)
