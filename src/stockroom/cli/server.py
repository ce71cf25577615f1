"""`stockroom init`, `migrate` and `serve`."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from stockroom.cli.site import Site, local_site, pass_site

OF_EMBEDDED = ("host", "port", "threads", "data_dir")


@click.command()
@pass_site
def init(site: Site) -> None:
    """Prepare the database and the storage; safe to repeat."""
    from stockroom import migrations
    from stockroom.models import SCHEMA_REVISION

    site.make_data_dir()
    before = migrations.current_revision(site.database)
    if before is not None:
        migrations.check_schema(site.database, site.command)
    _ = site.storage
    migrations.upgrade(site.database)
    done = "is ready already" if before else "is ready"
    click.echo(f"schema {SCHEMA_REVISION} {done}")


@click.command()
@pass_site
def migrate(site: Site) -> None:
    """Bring the database to the schema that this version needs.

    Make a backup first, and stop the servers of older versions: they do not know the new schema.
    """
    from stockroom import migrations
    from stockroom.models import SCHEMA_REVISION

    before = migrations.current_revision(site.database)
    migrations.upgrade(site.database)
    if before == SCHEMA_REVISION:
        click.echo(f"schema {before}, nothing to do")
    else:
        click.echo(f"schema {before or 'none'} -> {SCHEMA_REVISION}")


@click.command()
@click.argument("ini", required=False, type=click.Path(path_type=Path))
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--threads",
    default=8,
    show_default=True,
    type=click.IntRange(1, 256),
    help="Requests worked on at a time.",
)
@click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Folder of the embedded instance."
)
@click.pass_context
def serve(
    context: click.Context,
    ini: Path | None,
    host: str,
    port: int,
    threads: int,
    data_dir: Path | None,
) -> None:
    """Serve the server of INI, or the embedded instance, which is made at its first start.

    INI tells everything of its server, the address in its section [server:main]. The options are
    for the embedded instance.

    SIGTERM and Ctrl-C end it after the requests that have arrived are answered, at most 30
    seconds later; a second one ends it at once.
    """
    site = local_site(context)
    ini = ini or site.ini
    if ini is not None:
        _refuse_options_of_embedded(context, ini)
    site.use_data_dir(data_dir)
    with _not_collecting():
        from stockroom.cli import serving

        if ini is not None:
            serving.serve_ini(ini)
        else:
            serving.serve_embedded(site, host, port, threads)


def _refuse_options_of_embedded(context: click.Context, ini: Path) -> None:
    given = click.core.ParameterSource.COMMANDLINE
    for name in OF_EMBEDDED:
        if context.get_parameter_source(name) is given:
            option = name.replace("_", "-")
            raise click.UsageError(
                f"--{option} is for the embedded instance; {ini} says how its server is set up"
            )


@contextmanager
def _not_collecting() -> Iterator[None]:
    # What the start makes is there to stay: not looking for garbage in it saves a fifth of the
    # time. `serving` looks again when it begins to serve, but never at this.
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


COMMANDS = (init, migrate, serve)
