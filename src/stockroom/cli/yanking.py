"""`stockroom package yank` and `unyank`."""

from __future__ import annotations

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
from stockroom.cli.output import count
from stockroom.cli.site import ACTOR, Site, pass_site


@click.command("yank")
@REGISTRY
@NAME
@VERSION
@FILE
@click.option("--reason", help="Shown to whoever installs it all the same.")
@pass_site
def yank(
    site: Site,
    registry: str,
    name: str,
    version: str | None,
    filename: str | None,
    reason: str | None,
) -> None:
    """Yank the release VERSION, or one file: resolvers skip it unless it is pinned."""
    _set(site, registry, name, version, filename, yanked=True, reason=reason)


@click.command("unyank")
@REGISTRY
@NAME
@VERSION
@FILE
@REASON
@pass_site
def unyank(
    site: Site,
    registry: str,
    name: str,
    version: str | None,
    filename: str | None,
    reason: str | None,
) -> None:
    """Take back the yanking of the release VERSION with all its files, or of one file."""
    _set(site, registry, name, version, filename, yanked=False, reason=reason)


def _set(
    site: Site,
    registry: str,
    name: str,
    version: str | None,
    filename: str | None,
    *,
    yanked: bool,
    reason: str | None,
) -> None:
    from stockroom.manage.packages import Packages

    check_not_both(version, filename)
    address = (*split_registry(registry), name)
    if filename is None and version is None:
        raise click.UsageError("give a VERSION or --file FILENAME")
    with site.write() as session:
        packages = Packages(session, ACTOR)
        if filename is not None:
            what = filename
            changed = packages.set_file_yanked(*address, filename, yanked=yanked, reason=reason)
        else:
            what = f"{name} {version}"
            changed = packages.set_yanked(*address, version or "", yanked=yanked, reason=reason)
    done = "yanked" if yanked else "unyanked"
    click.echo(f"{done} {what} ({count(changed, 'file')})" if changed else f"{what} is so already")


COMMANDS = (yank, unyank)
