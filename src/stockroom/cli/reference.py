"""`stockroom settings` and `plugins`: what can be set, and what is enabled."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from stockroom.cli.output import json_option, print_json, show
from stockroom.cli.site import Site, pass_site

if TYPE_CHECKING:
    from stockroom.spi.settings import Declared

INI_WIDTH = 96


@click.command()
@json_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "ini", "markdown"]),
    default="text",
    show_default=True,
    help="An ini section to begin with, or the table of the documentation.",
)
@pass_site
def settings(site: Site, as_json: bool, form: str) -> None:
    """List every setting with its default and help; with -c also the value in force.

    Passwords and other secrets are not shown.
    """
    entries, values = _entries(site)
    match "json" if as_json else form:
        case "json":
            print_json([_as_object(entry, values) for entry in entries])
        case "ini":
            click.echo(as_ini(entries, values), nl=False)
        case "markdown":
            click.echo(as_markdown(entries), nl=False)
        case _:
            for entry in entries:
                _print(entry, values.get(entry.name))


@click.command()
@json_option
@pass_site
def plugins(site: Site, as_json: bool) -> None:
    """List the enabled plugins and the hooks that they implement."""
    from stockroom.plugins import PluginDescription

    show(site.plugins.describe(), PluginDescription._fields, as_json=as_json)


def as_ini(entries: Sequence[Declared], values: Mapping[str, str]) -> str:
    """An ``[app:main]`` section with every setting; those without a value are commented out."""
    blocks = ["[app:main]\nuse = egg:stockroom\n"]
    for entry in entries:
        comment = textwrap.fill(entry.help, INI_WIDTH, initial_indent="# ", subsequent_indent="# ")
        if entry.name in values:
            line = f"{entry.name} = {entry.shown(values[entry.name])}"
        elif entry.required:
            line = f"{entry.name} ="
        else:
            line = f"# {entry.name} = {entry.default_text}".rstrip()
        blocks.append(f"{comment}\n{line}\n")
    return "\n".join(blocks)


def as_markdown(entries: Sequence[Declared]) -> str:
    """A table with every setting."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for entry in entries:
        default = f"`{entry.default_text}`" if entry.default_text else "none"
        rows.append(
            f"| `{entry.name}` | {'required' if entry.required else default} | {entry.help} |"
        )
    return "\n".join(rows) + "\n"


def _entries(site: Site) -> tuple[list[Declared], Mapping[str, str]]:
    """What is declared, by enabled plugins too, and the values of the ini file."""
    from stockroom.settings import Settings
    from stockroom.spi.settings import declared

    entries = declared(Settings)
    if not site.ini:
        return entries, {}
    for name, section in site.plugins.sections.items():
        entries += declared(section, f"plugin.{name}.")
    return entries, site.configuration.values


def _as_object(entry: Declared, values: Mapping[str, str]) -> dict[str, object]:
    value = values.get(entry.name)
    return {
        "name": entry.name,
        "default": None if entry.default is None else entry.default_text,
        "required": entry.required,
        "value": None if value is None else entry.shown(value),
        "help": entry.help,
    }


def _print(entry: Declared, value: str | None) -> None:
    default = "required" if entry.required else f"default: {entry.default_text or 'none'}"
    click.echo(click.style(entry.name, bold=True) + f"  ({default})")
    if value is not None:
        click.echo(f"    = {entry.shown(value)}")
    click.echo(f"    {entry.help}")


COMMANDS = (settings, plugins)
