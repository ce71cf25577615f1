"""`stockroom package delete`, `burnt` and `unburn`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stockroom.cli.arguments import (
    FILE,
    NAME,
    REASON,
    REGISTRY,
    VERSION,
    check_not_both,
    split_registry,
)
from stockroom.cli.backends.choosing import pass_backend
from stockroom.cli.output import count, human_size, json_option, show

if TYPE_CHECKING:
    from stockroom.cli.backends.protocols import Backend


@click.command("delete")
@REGISTRY
@NAME
@VERSION
@FILE
@click.option("--confirm", metavar="NAME", help="The name typed again, for scripts.")
@REASON
@pass_backend
def delete(
    backend: Backend,
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
    check_not_both(version, filename)
    typed = confirm or click.prompt(
        f"This deletes for ever. Type {filename or version or name} to go on"
    )
    deleted = backend.packages.delete(
        split_registry(registry),
        name,
        version=version,
        filename=filename,
        confirm=typed,
        reason=reason,
    )
    what = filename or (f"{name} {version}" if version else name)
    click.echo(f"deleted {what} ({count(len(deleted.files), 'file')}, {human_size(deleted.size)})")
    if deleted.burnt:
        click.echo("names of deleted files cannot be used again; `stockroom package burnt` lists")


@click.command("burnt")
@REGISTRY
@click.option("--package", default="", metavar="NAME", help="Only names of this package's files.")
@json_option
@pass_backend
def burnt(backend: Backend, registry: str, package: str, as_json: bool) -> None:
    """List the names of deleted files, which cannot be used again."""
    from stockroom.manage.reports.rows import BurntReport

    rows = backend.registries.burnt(split_registry(registry), package)
    show(rows, BurntReport.__struct_fields__, as_json=as_json)


@click.command("unburn")
@REGISTRY
@click.argument("filename")
@pass_backend
def unburn(backend: Backend, registry: str, filename: str) -> None:
    """Let FILENAME be published again.

    Whoever has the digest of the deleted file in a lock file will refuse another one.
    """
    backend.registries.unburn(split_registry(registry), filename)
    click.echo(f"{filename} can be published again")


COMMANDS = (delete, burnt, unburn)
