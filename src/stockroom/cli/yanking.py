"""`stockroom package yank` and `unyank`."""

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
from stockroom.cli.output import count

if TYPE_CHECKING:
    from stockroom.cli.backends.protocols import Backend


@click.command("yank")
@REGISTRY
@NAME
@VERSION
@FILE
@click.option("--reason", help="Shown to whoever installs it all the same.")
@pass_backend
def yank(
    backend: Backend,
    registry: str,
    name: str,
    version: str | None,
    filename: str | None,
    reason: str | None,
) -> None:
    """Yank the release VERSION, or one file: resolvers skip it unless it is pinned."""
    _set(backend, registry, name, version, filename, yanked=True, reason=reason)


@click.command("unyank")
@REGISTRY
@NAME
@VERSION
@FILE
@REASON
@pass_backend
def unyank(
    backend: Backend,
    registry: str,
    name: str,
    version: str | None,
    filename: str | None,
    reason: str | None,
) -> None:
    """Take back the yanking of the release VERSION with all its files, or of one file."""
    _set(backend, registry, name, version, filename, yanked=False, reason=reason)


def _set(
    backend: Backend,
    registry: str,
    name: str,
    version: str | None,
    filename: str | None,
    *,
    yanked: bool,
    reason: str | None,
) -> None:
    check_not_both(version, filename)
    if filename is None and version is None:
        raise click.UsageError("give a VERSION or --file FILENAME")
    address = split_registry(registry)
    if filename is not None:
        what = filename
        changed = backend.packages.set_file_yanked(
            address, name, filename, yanked=yanked, reason=reason
        )
    else:
        what = f"{name} {version}"
        changed = backend.packages.set_yanked(
            address, name, version or "", yanked=yanked, reason=reason
        )
    done = "yanked" if yanked else "unyanked"
    click.echo(f"{done} {what} ({count(changed, 'file')})" if changed else f"{what} is so already")


COMMANDS = (yank, unyank)
