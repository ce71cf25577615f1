"""`stockroom registry retention`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stockroom.cli.arguments import REGISTRY, split_registry
from stockroom.cli.backends.choosing import pass_backend
from stockroom.cli.output import count, human_size, json_option, print_json, show

if TYPE_CHECKING:
    from stockroom.cli.backends.protocols import Backend

COLUMNS = ("package", "version", "reason", "files", "size")


@click.command("retention")
@REGISTRY
@click.option("--apply", is_flag=True, help="Delete them; without it nothing is changed.")
@json_option
@pass_backend
def retention(backend: Backend, registry: str, apply: bool, as_json: bool) -> None:
    """List the releases that the registry's retention rules name, or delete them.

    The rules are the settings keep_newest, drop_prereleases_after_days and drop_only_idle_days.
    """
    from msgspec.structs import asdict

    address, registries = split_registry(registry), backend.registries
    plan = registries.apply(address) if apply else registries.plan(address)
    if as_json:
        print_json({**asdict(plan), "applied": apply})
        return
    if plan.releases:
        show(plan.releases, COLUMNS, as_json=False)
    releases, files = count(len(plan.releases), "release"), count(plan.files, "file")
    what = f"{releases} ({files}, {human_size(plan.size)})"
    click.echo(f"deleted {what}" if apply else f"would delete {what}; --apply does it")


COMMANDS = (retention,)
