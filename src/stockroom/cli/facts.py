"""`stockroom facts` and `stockroom jobs`: what outside sources know, and who asks them."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import click

from stockroom.cli.arguments import NAME
from stockroom.cli.output import json_option, print_json, progress_of, show
from stockroom.cli.refusals import Refusal
from stockroom.cli.site import Site, pass_site

if TYPE_CHECKING:
    from stockroom.insight.service import Facts

ENDS = (signal.SIGTERM, signal.SIGINT)
COLUMNS = ("source", "title", "packages", "succeeded_at", "due_at", "running", "error")


@click.group()
def facts() -> None:
    """Look at what outside sources know of packages, and ask them."""


@facts.command("list")
@json_option
@pass_site
def list_facts(site: Site, as_json: bool) -> None:
    """List the fact sources: last success, next refresh, last error."""
    show(_facts(site).statuses(), COLUMNS, as_json=as_json)


@facts.command("show")
@NAME
@json_option
@pass_site
def show_facts(site: Site, name: str, as_json: bool) -> None:
    """Show what every source knows of the package NAME."""
    import json

    from stockroom.dists import normalize
    from stockroom.insight.queries import known_of

    with site.read() as connection:
        known = known_of(connection, normalize(name))
    if as_json:
        print_json(known)
        return
    for source, document in known.items():
        click.echo(f"{source}: {json.dumps(document)}")
    if not known:
        click.echo(f"no source knows anything of {normalize(name)}")


@facts.command("refresh")
@NAME
@pass_site
def refresh(site: Site, name: str) -> None:
    """Ask the source NAME for everything, here and now."""
    found = _facts(site)
    found.status(name)
    with progress_of(f"refreshing {name}") as advance:
        wrong = found.refresh_now(name, lambda run: advance(run.done, run.total))
    after = found.status(name)
    for note in after.notes:
        click.echo(f"note: {note}", err=True)
    if wrong is not None:
        raise Refusal(f"{name} was not refreshed: {wrong}")
    click.echo(f"{name} knows something of {after.packages} packages")


@click.command()
@pass_site
def jobs(site: Site) -> None:
    """Run background jobs, until SIGTERM or Ctrl-C.

    For a server with `stockroom.jobs = separate`. Several of these share the work.
    """
    import logging

    from stockroom.jobs import Jobs, Runs

    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    declared = _facts(site).jobs
    if not declared:
        raise Refusal("there is nothing to do: no enabled plugin has background jobs")
    # Before any thread starts, since each has what its parent blocks.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    running = Jobs(Runs(site.database), declared)
    running.start()
    click.echo("Stockroom runs background jobs")
    signal.sigwait(ENDS)
    # A second one ends it at once.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)
    running.close()


def _facts(site: Site) -> Facts:
    from stockroom.insight.service import Facts
    from stockroom.jobs import Runs

    site.check_schema()
    return Facts(site.database, Runs(site.database), site.plugins.fact_sources())


COMMANDS = (facts, jobs)
