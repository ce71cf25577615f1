"""The server that a command is about: one with an ini file, the embedded instance, or another."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, NamedTuple, ParamSpec, TypeVar

import click

from stockroom.cli.refusals import Unusable
from stockroom.errors import ConfigurationInvalid

# Commands import what they need when they run, so that --help and completion are fast.
if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

    from stockroom.db import Database
    from stockroom.plugins import Plugins
    from stockroom.settings import Configuration
    from stockroom.spi import Storage

P = ParamSpec("P")
R = TypeVar("R")

ACTOR = "cli"
"""Who the events of local commands are attributed to."""


class Remote(NamedTuple):
    """Another server: its address, and the file with the key for it if one was named."""

    url: str
    key_file: Path | None


class Site:
    """Opens configuration, database and storage when a command first needs them.

    Where ``remote`` is given, it is the server that commands are about, and there is nothing to
    open on this machine.
    """

    def __init__(
        self, ini: Path | None, data_dir: Path | None, remote: Remote | None = None
    ) -> None:
        self.ini = ini
        self.remote = remote
        self._data_dir = data_dir

    @cached_property
    def data_dir(self) -> Path:
        """The embedded instance's folder."""
        if self._data_dir is not None:
            return self._data_dir.absolute()
        base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
        return Path(base) / "stockroom"

    def use_data_dir(self, data_dir: Path | None) -> None:
        """Let an option of a command overrule the general one."""
        if data_dir is not None:
            self._data_dir = data_dir

    @property
    def command(self) -> str:
        """How to call this command line on this server again."""
        if self.ini is not None:
            return f"stockroom -c {shlex.quote(str(self.ini))}"
        if self._data_dir is not None:
            return f"stockroom --data-dir {shlex.quote(str(self._data_dir))}"
        return "stockroom"

    @cached_property
    def configuration(self) -> Configuration:
        """The settings.

        :raises ConfigurationInvalid: they are wrong, or the ini file cannot be read.
        """
        from stockroom.settings import read_settings

        return read_settings(self._values(), self.command)

    @cached_property
    def database(self) -> Database:
        """The database, whatever its schema is."""
        from stockroom.db import Database

        return Database(self.configuration.settings)

    @cached_property
    def plugins(self) -> Plugins:
        """The enabled plugins."""
        from stockroom.plugins import Plugins

        return Plugins(self.configuration)

    @cached_property
    def storage(self) -> Storage:
        """The storage backend."""
        return self.plugins.storage(self.configuration.settings.storage)

    def close(self) -> None:
        """Close the database, if a command has opened it."""
        if "database" in vars(self):
            self.database.dispose()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction on a database whose schema is right."""
        self.check_schema()
        with self.database.transaction() as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to a database whose schema is right."""
        self.check_schema()
        with self.database.read() as connection:
            yield connection

    def check_schema(self) -> None:
        """Make sure that the database is usable; raises ConfigurationInvalid."""
        from stockroom import migrations

        migrations.check_schema(self.database, self.command)

    def make_data_dir(self) -> None:
        """Make the embedded instance's folder, which nobody else may enter.

        :raises ConfigurationInvalid: that cannot be.
        """
        if self.ini is not None:
            return
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise ConfigurationInvalid(
                f"the data folder {self.data_dir} cannot be made: {error.strerror}; "
                "choose another one with --data-dir"
            ) from error

    def _values(self) -> dict[str, str]:
        if self.ini is not None:
            return read_ini(self.ini)
        return {
            "sqlalchemy.url": f"sqlite:///{self.data_dir / 'stockroom.db'}",
            "stockroom.storage": (self.data_dir / "files").as_uri(),
        }


def read_ini(ini: Path) -> dict[str, str]:
    """The ``[app:main]`` section of an ini file, without what PasteDeploy uses itself.

    :raises ConfigurationInvalid: the file cannot be read as an ini file with that section.
    """
    import plaster

    if not ini.is_file():
        raise ConfigurationInvalid(f"there is no file {ini}")
    try:
        loader = plaster.get_loader(str(ini), protocols=["wsgi"])
        return dict(loader.get_wsgi_app_settings())
    except Exception as error:  # PasteDeploy raises whatever its parts raise.
        reason = " ".join(str(error).split())
        if "prefixed by 'app'" in reason:
            reason = "it has no section [app:main]"
        raise ConfigurationInvalid(f"{ini} cannot be used: {reason}") from error


def site_of(context: click.Context) -> Site:
    """What the command line as a whole is about."""
    found = context.find_object(Site)
    assert found is not None  # noqa: S101 - the group sets it before any command runs
    return found


def local_site(context: click.Context) -> Site:
    """The server on this machine, for a command that cannot work on another one.

    :raises Unusable: another one is named.
    """
    site = site_of(context)
    if site.remote is not None:
        raise Unusable(
            f"`{context.command_path}` works only on the machine of the server: leave out "
            "--server, or unset STOCKROOM_SERVER"
        )
    return site


def pass_site(command: Callable[Concatenate[Site, P], R]) -> Callable[P, R]:
    """Hand a command the server on this machine, and refuse to run it for another one."""

    def call(context: click.Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return context.invoke(command, local_site(context), *args, **kwargs)

    return click.pass_context(update_wrapper(call, command))
