"""The `stockroom` command."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from stockroom import __version__
from stockroom.cli import keys, packages, places, server
from stockroom.cli.site import Site
from stockroom.errors import ConfigurationInvalid, Problem


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="stockroom")
@click.option(
    "-c",
    "--config",
    "ini",
    type=click.Path(path_type=Path),
    help="The server's ini file. Without one, the embedded instance is meant.",
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="STOCKROOM_DATA_DIR",
    help="Folder of the embedded instance (default: stockroom in the user's data folder).",
)
@click.pass_context
def stockroom(context: click.Context, ini: Path | None, data_dir: Path | None) -> None:
    """Run and administer Stockroom, a private Python package registry."""
    context.obj = Site(ini, data_dir)


for room in (server, places, keys, packages):
    for command in room.COMMANDS:
        stockroom.add_command(command)


def main() -> None:
    """Run the command; what goes wrong on purpose is told in a sentence, with status 1 or 2."""
    try:
        stockroom(prog_name="stockroom")
    except ConfigurationInvalid as error:
        for message in error.messages:
            click.echo(f"error: {message}", err=True)
        sys.exit(2)
    except Problem as problem:
        click.echo(f"error: {problem.detail}", err=True)
        sys.exit(1)
