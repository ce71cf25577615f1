"""`stockroom check` and `gc`: the contents of the storage, and whether views can be read."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from stockroom.cli.output import human_size, json_option, print_json, progress
from stockroom.cli.refusals import Refusal
from stockroom.cli.site import ACTOR, Site, pass_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stockroom.manage.integrity import Finding
    from stockroom.manage.sweeping import Step

SAFE_HOURS = 1
"""Less would have to trust the clocks of all nodes and of the storage."""

MAX_HOURS = 10 * 365 * 24

# What is said of each kind, of one and of several, in this order.
KINDS = {
    "unreferenced": ("remove", "unreferenced blob", "unreferenced blobs"),
    "unknown": ("remove", "blob without a row", "blobs without a row"),
    "leftover": ("remove", "leftover", "leftovers"),
    "expired": ("cancel", "upload session", "upload sessions"),
    "ended": ("forget", "upload session", "upload sessions"),
}
PAST = {"remove": "removed", "cancel": "canceled", "forget": "forgot"}
HAS_SIZE = ("unreferenced", "unknown")


@click.command()
@click.option("--deep", is_flag=True, help="Read every byte and compare digests.")
@json_option
@pass_site
def check(site: Site, deep: bool, as_json: bool) -> None:
    """Compare the files in the storage with the database; fails when a file is damaged.

    It fails, too, when the filter of a view cannot be read any more: the plugin with its fields is
    not enabled, so that the view answers nobody.

    A blob is the content of a file. One that no row names (unreferenced), or that was never
    finished (leftover), wastes space only: an upload that broke off leaves it.
    """
    from stockroom.manage.integrity import Finding, Integrity

    site.check_schema()
    integrity = Integrity(site.database, site.storage)
    findings: list[Finding] = []
    looked_at = 0
    with progress("checking blobs", integrity.count(), hidden=as_json) as advance:
        for step in integrity.check(deep=deep):
            if isinstance(step, Finding):
                findings.append(step)
            else:
                looked_at += 1
                advance(1)
    broken = _broken_filters(site)
    _report(findings, looked_at, broken, as_json=as_json)
    if broken or any(finding.is_damage for finding in findings):
        sys.exit(1)


def _broken_filters(site: Site) -> list[tuple[str, str]]:
    from stockroom.manage.definitions import broken_filters
    from stockroom.resources.directory import read_snapshot

    with site.read() as connection:
        snapshot = read_snapshot(connection)
    found = broken_filters(snapshot, site.plugins.filter_language())
    return [(view, str(mistake)) for view, mistake in found]


def _report(
    findings: list[Finding], looked_at: int, broken: list[tuple[str, str]], *, as_json: bool
) -> None:
    damaged = sum(finding.is_damage for finding in findings)
    if as_json:
        listed = [
            {"kind": finding.kind, "blob": finding.blob, "files": finding.files}
            for finding in findings
        ]
        views = [{"view": view, "mistake": mistake} for view, mistake in broken]
        print_json({"checked": looked_at, "damaged": damaged, "findings": listed, "views": views})
        return
    for finding in findings:
        click.echo(f"{finding.kind}: {finding.blob} {' '.join(finding.files)}".rstrip())
    for view, mistake in broken:
        click.echo(f"view {view}: {mistake}")
    click.echo(f"checked {looked_at} blobs: {damaged} damaged")


@click.command()
@click.option("--dry-run", is_flag=True, help="List what would go, and change nothing.")
@click.option(
    "--grace",
    metavar="HOURS",
    type=click.IntRange(0, MAX_HOURS),
    default=24,
    show_default=True,
    help="For how long what nobody needs is left alone.",
)
@click.option("--force", is_flag=True, help="Allow --grace 0.")
@json_option
@pass_site
def gc(site: Site, dry_run: bool, grace: int, force: bool, as_json: bool) -> None:
    """Remove what nobody needs any more, beside a server that is running.

    Goes: contents of files that no published file and no upload session names, what broken-off
    uploads have left, and upload sessions whose time is over. --dry-run leaves out what is needed
    only by upload sessions that would go.

    Without any grace, stop all servers first.
    """
    from stockroom.manage.sweeping import Sweeper

    if grace < SAFE_HOURS and not force:
        raise click.UsageError(
            "--grace 0 is safe only while no server is running; stop all, and add --force"
        )
    site.check_schema()
    sweeper = Sweeper(site.database, site.storage)
    steps = sweeper.sweep(ACTOR, timedelta(hours=grace), dry_run=dry_run)
    with progress("sweeping", sweeper.count(), hidden=as_json or dry_run) as advance:
        went = _tally(steps, advance, listed=dry_run and not as_json)
    if as_json:
        print_json({"dry_run": dry_run, "grace_hours": grace, **went})
    else:
        _summarise(went, dry_run=dry_run)


def _tally(
    steps: Iterator[Step], advance: Callable[[int], None], *, listed: bool
) -> dict[str, dict[str, int]]:
    """Count and, in a list, name what goes, of every kind."""
    from stockroom.manage.sweeping import Swept

    went = {kind: {"count": 0, "bytes": 0} for kind in KINDS}
    try:
        for step in steps:
            advance(1)
            if isinstance(step, Swept):
                went[step.kind]["count"] += 1
                went[step.kind]["bytes"] += step.size
                if listed:
                    size = f" {human_size(step.size)}" if step.kind in HAS_SIZE else ""
                    click.echo(f"{step.kind}: {step.name}{size}")
    except OSError as error:
        reason = error.strerror or error
        raise Refusal(f"the storage refuses: {reason}; what has gone until now is gone") from error
    return went


def _summarise(went: dict[str, dict[str, int]], *, dry_run: bool) -> None:
    for kind, figures in went.items():
        count = figures["count"]
        if count:
            verb, one, several = KINDS[kind]
            done = f"would {verb}" if dry_run else PAST[verb]
            size = f", {human_size(figures['bytes'])}" if kind in HAS_SIZE else ""
            click.echo(f"{done} {count} {one if count == 1 else several}{size}")
    if not any(figures["count"] for figures in went.values()):
        click.echo("nothing to remove")


COMMANDS = (check, gc)
