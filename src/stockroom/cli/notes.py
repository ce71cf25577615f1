"""`stockroom package notes`."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import click

from stockroom.cli.arguments import NAME, REGISTRY, VERSION, split_registry
from stockroom.cli.backends.choosing import pass_backend

if TYPE_CHECKING:
    from stockroom.cli.backends.protocols import Backend


@click.command("notes")
@REGISTRY
@NAME
@VERSION
@click.option("--set", "text", metavar="TEXT", help="Replace the notes.")
@click.option(
    "--from", "file", type=click.File("rb"), help="Replace the notes by a file; - is the input."
)
@click.option("--clear", is_flag=True, help="Remove the notes.")
@pass_backend
def notes(
    backend: Backend,
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
    address = split_registry(registry)
    if not given:
        found = backend.packages.notes(address, name, version)
        if found:
            click.echo(found)
        return
    replacement = _decode(file) if file is not None else text
    backend.packages.set_notes(address, name, version, replacement)
    what = f"{name} {version}" if version else name
    click.echo(f"{'removed' if clear else 'wrote'} the notes on {what}")


def _decode(file: BinaryIO) -> str:
    from stockroom.manage.problems import InvalidText

    try:
        return file.read().decode()
    except UnicodeDecodeError as error:
        raise InvalidText(f"the notes must be UTF-8: {error}") from error


COMMANDS = (notes,)
