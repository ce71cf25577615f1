"""The `stockroom` command."""

from __future__ import annotations

from pathlib import Path

import click

from stockroom import __version__
from stockroom.cli import (
    blobs,
    events,
    facts,
    keys,
    packages,
    people,
    places,
    reference,
    server,
    users,
    viewing,
    why,
)
from stockroom.cli.refusals import CommandGroup
from stockroom.cli.site import Remote, Site

SERVERS = {"ini": "--config", "data_dir": "--data-dir", "server": "--server"}
"""The options that name a server."""


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
@click.option(
    "--server",
    metavar="URL",
    envvar="STOCKROOM_SERVER",
    show_envvar=True,
    help="Another server, with the API key in STOCKROOM_KEY or in the file of --key-file.",
)
@click.option(
    "--key-file",
    type=click.Path(path_type=Path),
    envvar="STOCKROOM_KEY_FILE",
    show_envvar=True,
    help="File with the API key for --server.",
)
@click.pass_context
def stockroom(
    context: click.Context,
    ini: Path | None,
    data_dir: Path | None,
    server: str | None,
    key_file: Path | None,
) -> None:
    """Run and administer Stockroom, a private Python package registry.

    `stockroom serve` alone starts a server that needs no set-up. Every other command is about the
    server that --config or --data-dir names, whether it is running or not, or about the running
    one at --server; what it changes is in force at once.
    """
    named = _named_server(context)
    remote = Remote(server, key_file) if server and named in (None, "server") else None
    context.obj = Site(ini, data_dir, remote)
    context.call_on_close(context.obj.close)


def _named_server(context: click.Context) -> str | None:
    """Which of the options that name a server stands on the command line, and so wins."""
    given = [
        name
        for name in SERVERS
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE
    ]
    if len(given) > 1:
        options = " and ".join(SERVERS[name] for name in given)
        raise click.UsageError(f"{options} name two servers: use one of them")
    return given[0] if given else None


for room in (
    server,
    reference,
    places,
    viewing,
    why,
    users,
    people,
    keys,
    packages,
    blobs,
    events,
    facts,
):
    for command in room.COMMANDS:
        stockroom.add_command(command)


def main() -> None:
    """Run the command."""
    stockroom(prog_name="stockroom")
