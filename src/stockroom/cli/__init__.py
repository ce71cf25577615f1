"""The `stockroom` command."""

from __future__ import annotations

from pathlib import Path

import click

from stockroom import __version__
from stockroom.cli import blobs, keys, packages, places, reference, server
from stockroom.cli.refusals import CommandGroup
from stockroom.cli.site import Site


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="stockroom")
@click.option(
    "-c",
    "--config",
    "ini",
    type=click.Path(path_type=Path),
    envvar="STOCKROOM_CONFIG",
    show_envvar=True,
    help="The server's ini file. Without one, the embedded instance is meant.",
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    envvar="STOCKROOM_DATA_DIR",
    show_envvar=True,
    help="Folder of the embedded instance  [default: stockroom in the user's data folder]",
)
@click.pass_context
def stockroom(context: click.Context, ini: Path | None, data_dir: Path | None) -> None:
    """Run and administer Stockroom, a private Python package registry.

    `stockroom serve` alone starts a server that needs no set-up. Every other command is about the
    server that --config or --data-dir names, whether it is running or not; what it changes is in
    force at once.
    """
    given = click.core.ParameterSource.COMMANDLINE
    if all(context.get_parameter_source(name) is given for name in ("ini", "data_dir")):
        raise click.UsageError("--config and --data-dir name two servers: use one of them")
    context.obj = Site(ini, data_dir)
    context.call_on_close(context.obj.close)


for room in (server, reference, places, keys, packages, blobs):
    for command in room.COMMANDS:
        stockroom.add_command(command)


def main() -> None:
    """Run the command."""
    stockroom(prog_name="stockroom")
