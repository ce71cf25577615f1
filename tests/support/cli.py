"""The `stockroom` command in this process, on an ini file that holds what it must and no more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner, Result

from stockroom.cli import stockroom

SERVER_SECTION = "[server:main]\nuse = egg:waitress#main\nlisten = 127.0.0.1:0\n"


def write_ini(folder: Path, *, name: str = "server.ini", **settings: str) -> Path:
    """Write an ini file in ``folder``; a dot in the name of a setting is written as ``__``."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {
        "sqlalchemy__url": f"sqlite:///{folder / 'stockroom.db'}",
        "stockroom__storage": f"file://{folder / 'files'}",
        **settings,
    }
    lines = [
        f"{key.replace('__', '.')} = {value.replace('%', '%%')}" for key, value in values.items()
    ]
    ini = folder / name
    ini.write_text(
        "\n".join(["[app:main]", "use = egg:stockroom", *lines, SERVER_SECTION]), "utf-8"
    )
    return ini


def stockroom_command(
    *arguments: str | Path, status: int = 0, environment: Mapping[str, str] | None = None
) -> Result:
    """Run the command; fails unless it ends with ``status``, and when it ends with a traceback."""
    result = CliRunner().invoke(
        stockroom, [*map(str, arguments)], prog_name="stockroom", env=environment
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status, result.output
    return result


class AnyCommandLine:
    """The command with options and variables that name a server."""

    def __init__(self, *options: str | Path, **environment: str) -> None:
        self.options = options
        self.environment = environment

    def call(self, *arguments: str, status: int = 0) -> Result:
        """Run a command."""
        return stockroom_command(
            *self.options, *arguments, status=status, environment=self.environment
        )

    def run(self, *arguments: str, status: int = 0) -> str:
        """Run a command and return what it prints to standard output."""
        return self.call(*arguments, status=status).stdout

    def refuse(self, *arguments: str, status: int = 1) -> str:
        """Run a command that must fail, and return what it complains of."""
        return self.call(*arguments, status=status).stderr

    def json(self, *arguments: str) -> Any:
        """Run a command with ``--json`` and return what that says."""
        return json.loads(self.run(*arguments, "--json"))


class CommandLine(AnyCommandLine):
    """The command on the server of an ini file."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.ini = write_ini(folder, **settings)
        super().__init__("-c", self.ini)


def all_commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The names of every command, the groups included."""
    found = [path]
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += all_commands(command, (*path, name))
        else:
            found.append((*path, name))
    return found
