"""`stockroom events`."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from stockroom.cli.site import Site, pass_site

INSTANT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.group()
def events() -> None:
    """Read the audit trail."""


@events.command("export")
@click.option("--kind", default="", help="A whole kind, such as release.yanked, or its first part.")
@click.option("--actor", default="", help="Who did it, such as user:7.")
@click.option("--subject", default="", help="Whose account or key it is about.")
@click.option("--package", default="", help="Only events of this package.")
@click.option("--since", type=INSTANT, help="From then on, in UTC.")
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="Before, UTC."
)
@pass_site
def export(
    site: Site,
    kind: str,
    actor: str,
    subject: str,
    package: str,
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Print every event that matches as one line of JSON, the newest first."""
    import msgspec

    from stockroom.manage.audit import queries

    first, last = (moment and moment.replace(tzinfo=UTC) for moment in (since, until))
    wanted = queries.Wanted(kind, actor, subject, package, first, last)
    site.check_schema()
    encoder = msgspec.json.Encoder()
    for chunk in queries.export(site.database, queries.everywhere(), wanted):
        click.echo(encoder.encode_lines(chunk), nl=False)


COMMANDS = (events,)
