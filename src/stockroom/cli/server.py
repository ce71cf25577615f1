"""`stockroom init`, `migrate`, `serve`, `settings`, `plugins` and `check`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import click

from stockroom.cli.output import json_option, print_json, show
from stockroom.cli.site import Site, pass_site


@click.command()
@pass_site
def init(site: Site) -> None:
    """Prepare the database and the storage; safe to repeat."""
    from stockroom import migrations
    from stockroom.models import SCHEMA_REVISION

    before = migrations.current_revision(site.database)
    if before is not None:
        migrations.check_schema(site.database)
    _ = site.storage
    migrations.upgrade(site.database)
    done = "is ready already" if before else "is ready"
    click.echo(f"schema {SCHEMA_REVISION} {done}")


@click.command()
@pass_site
def migrate(site: Site) -> None:
    """Bring the database to the schema that this version needs."""
    from stockroom import migrations
    from stockroom.models import SCHEMA_REVISION

    before = migrations.current_revision(site.database)
    migrations.upgrade(site.database)
    after = SCHEMA_REVISION
    click.echo(
        f"schema {after}, nothing to do" if before == after else f"schema {before} -> {after}"
    )


@click.command()
@click.argument("ini", required=False, type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 256))
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the embedded instance.",
)
@pass_site
def serve(
    site: Site, ini: Path | None, host: str, port: int, threads: int, data_dir: Path | None
) -> None:
    """Serve the server of INI, or the embedded instance, which is made at its first start."""
    from stockroom.cli import serving

    ini = ini or site.ini
    if ini is not None:
        serving.serve_ini(ini)
    else:
        site.use_data_dir(data_dir)
        serving.serve_embedded(site, host, port, threads)


@click.command()
@json_option
@pass_site
def settings(site: Site, as_json: bool) -> None:
    """List every setting with its default and help; with -c also the value in force."""
    from stockroom.settings import Settings
    from stockroom.spi.settings import declared

    values = site.configuration.values if site.ini else {}
    entries = declared(Settings)
    if site.ini:
        for name, section in site.plugins.sections.items():
            entries += declared(section, f"plugin.{name}.")
    if as_json:
        print_json(
            [
                {
                    "name": entry.name,
                    "default": entry.default,
                    "required": entry.required,
                    "value": _masked(values.get(entry.name)),
                    "help": entry.help,
                }
                for entry in entries
            ]
        )
        return
    for entry in entries:
        default = "required" if entry.required else f"default: {_text(entry.default)}"
        click.echo(click.style(entry.name, bold=True) + f"  ({default})")
        if entry.name in values:
            click.echo(f"    = {_masked(values[entry.name])}")
        click.echo(f"    {entry.help}")


@click.command()
@json_option
@pass_site
def plugins(site: Site, as_json: bool) -> None:
    """List the enabled plugins and the hooks that they implement."""
    rows = site.plugins.describe()
    show(rows, ("name", "distribution", "version", "hooks"), as_json=as_json)


@click.command()
@click.option("--deep", is_flag=True, help="Read every byte and compare digests.")
@json_option
@pass_site
def check(site: Site, deep: bool, as_json: bool) -> None:
    """Compare the files in the storage with the database; fails when a file is damaged."""
    from stockroom.manage.integrity import Finding, Integrity

    site.check_schema()
    integrity = Integrity(site.database, site.storage)
    findings: list[Finding] = []
    looked_at = 0
    with _progress(integrity.count(), hidden=as_json) as advance:
        for step in integrity.check(deep=deep):
            if isinstance(step, Finding):
                findings.append(step)
            else:
                looked_at += 1
                advance(1)
    damaged = [finding for finding in findings if finding.is_damage]
    if as_json:
        print_json(
            {
                "checked": looked_at,
                "damaged": len(damaged),
                "findings": [
                    {"kind": finding.kind, "blob": finding.blob, "files": finding.files}
                    for finding in findings
                ],
            }
        )
    else:
        for finding in findings:
            click.echo(f"{finding.kind}: {finding.blob} {' '.join(finding.files)}".rstrip())
        click.echo(f"checked {looked_at} blobs: {len(damaged)} damaged")
    if damaged:
        sys.exit(1)


def _progress(total: int, *, hidden: bool) -> AbstractContextManager[Callable[[int], None]]:
    """A function that moves a progress bar, which only people at a terminal see."""
    if hidden or not sys.stderr.isatty():
        return nullcontext(lambda _steps: None)
    return _bar(total)


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("checking blobs", total=total)
        yield lambda steps: progress.advance(task, steps)


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _masked(value: str | None) -> str | None:
    """A setting's value without the password of a URL."""
    if value is None or "://" not in value or "@" not in value:
        return value
    scheme, _, rest = value.partition("://")
    credentials, _, place = rest.rpartition("@")
    user = credentials.partition(":")[0]
    return f"{scheme}://{user}:***@{place}"


COMMANDS = (init, migrate, serve, settings, plugins, check)
