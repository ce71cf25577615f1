"""`stockroom registry show`, `settings` and `set`; `stockroom team settings` and `set`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from stockroom.cli.arguments import REASON, REGISTRY, split_registry
from stockroom.cli.backends.choosing import pass_backend
from stockroom.cli.output import count, human_size, json_option, print_json, show
from stockroom.errors import BadRequest

if TYPE_CHECKING:
    from stockroom.cli.backends.protocols import Backend
    from stockroom.manage.reports.rows import SettingDocument, UsageDocument

Settings = Mapping[str, "SettingDocument"]

TEAM = click.argument("team")
CHANGES = click.argument("changes", metavar="NAME=VALUE...", nargs=-1, required=True)


@click.command("show")
@REGISTRY
@json_option
@pass_backend
def show_registry(backend: Backend, registry: str, as_json: bool) -> None:
    """Show what a registry and its team hold, against their quotas, and its own settings."""
    from msgspec.structs import asdict

    found = backend.registries.show(split_registry(registry))
    team = backend.teams.usage(found.team)
    if as_json:
        print_json({**asdict(found), "team_usage": team})
        return
    click.echo(f"{registry}, {found.kind}: {_used(found.usage)}")
    if team is not None:
        click.echo(f"team {found.team}: {_used(team)}")
    own = [row for row in _rows(found.settings) if row.value != row.default]
    if own:
        click.echo()
        show(own, ("name", "value", "default"), as_json=False)


@click.command("settings")
@REGISTRY
@json_option
@pass_backend
def registry_settings(backend: Backend, registry: str, as_json: bool) -> None:
    """List every setting of a registry: value in force, default, meaning."""
    _show_settings(backend.registries.show(split_registry(registry)).settings, as_json=as_json)


@click.command("set")
@REGISTRY
@CHANGES
@REASON
@pass_backend
def set_registry(
    backend: Backend, registry: str, changes: Sequence[str], reason: str | None
) -> None:
    """Change settings of a registry; NAME= puts one back to its default."""
    address, wanted = split_registry(registry), _pairs(changes)
    _print_values(backend.registries.set(address, wanted, reason).settings, wanted)


@click.command("settings")
@TEAM
@json_option
@pass_backend
def team_settings(backend: Backend, team: str, as_json: bool) -> None:
    """List every setting of a team: value in force, default, meaning."""
    _show_settings(backend.teams.show(team).settings, as_json=as_json)


@click.command("set")
@TEAM
@CHANGES
@REASON
@pass_backend
def set_team(backend: Backend, team: str, changes: Sequence[str], reason: str | None) -> None:
    """Change settings of a team; NAME= puts one back to its default."""
    wanted = _pairs(changes)
    _print_values(backend.teams.set(team, wanted, reason).settings, wanted)


def _pairs(changes: Sequence[str]) -> dict[str, str | None]:
    pairs: dict[str, str | None] = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise BadRequest(f"{change!r} must be NAME=VALUE, such as keep_newest=20")
        if name in pairs:
            raise BadRequest(f"{name} is given twice")
        pairs[name] = value
    return pairs


class SettingRow(NamedTuple):
    """One setting; ``value`` is the one in force."""

    name: str
    value: object
    default: object
    help: str


def _rows(settings: Settings) -> list[SettingRow]:
    return [
        SettingRow(name, entry.value, entry.default, entry.help) for name, entry in settings.items()
    ]


def _used(usage: UsageDocument) -> str:
    limit = f" of {human_size(usage.max_size)}" if usage.max_size else ""
    files, packages = count(usage.files, "file"), count(usage.packages, "package")
    return f"{human_size(usage.size)}{limit} in {files} of {packages}"


def _show_settings(settings: Settings, *, as_json: bool) -> None:
    show(_rows(settings), SettingRow._fields, as_json=as_json)


def _print_values(settings: Settings, wanted: dict[str, str | None]) -> None:
    from stockroom.spi.settings import as_text

    for name in wanted:
        value = settings[name].value
        text = as_text(tuple(value) if isinstance(value, list) else value)
        click.echo(f"{name} = {text}".rstrip())


REGISTRY_COMMANDS = (show_registry, registry_settings, set_registry)
TEAM_COMMANDS = (team_settings, set_team)
