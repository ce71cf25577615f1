"""`stockroom registry retention`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stockroom.cli.arguments import REGISTRY, split_registry
from stockroom.cli.output import count, human_size, json_option, print_json, show
from stockroom.cli.site import ACTOR, Site, pass_site

if TYPE_CHECKING:
    from stockroom.manage.retention import Plan

COLUMNS = ("package", "version", "reason", "files", "size")


@click.command("retention")
@REGISTRY
@click.option("--apply", is_flag=True, help="Delete them; without it nothing is changed.")
@json_option
@pass_site
def retention(site: Site, registry: str, apply: bool, as_json: bool) -> None:
    """List the releases that the registry's retention rules name, or delete them.

    The rules are the settings keep_newest, drop_prereleases_after_days and drop_only_idle_days.
    """
    from msgspec.structs import asdict

    from stockroom.manage.reports.documents import plan_document

    plan = plan_document(_apply(site, registry) if apply else _plan(site, registry))
    if as_json:
        print_json({**asdict(plan), "applied": apply})
        return
    if plan.releases:
        show(plan.releases, COLUMNS, as_json=False)
    releases, files = count(len(plan.releases), "release"), count(plan.files, "file")
    what = f"{releases} ({files}, {human_size(plan.size)})"
    click.echo(f"deleted {what}" if apply else f"would delete {what}; --apply does it")


def _plan(site: Site, registry: str) -> Plan:
    from datetime import UTC, datetime

    from stockroom.manage.retirement import plan_for
    from stockroom.manage.usage import queries

    with site.read() as connection:
        place = queries.find_place(connection, *split_registry(registry))
        return plan_for(connection, place.id, place.policy, datetime.now(UTC))


def _apply(site: Site, registry: str) -> Plan:
    from stockroom.manage.retirement import Retirement

    with site.write() as session:
        return Retirement(session, ACTOR).apply(*split_registry(registry))


COMMANDS = (retention,)
