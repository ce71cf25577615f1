"""`stockroom registry show`, `settings` and `set`; `stockroom team settings` and `set`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from stockroom.cli.arguments import REASON, REGISTRY, split_registry
from stockroom.cli.output import count, human_size, json_option, print_json, show
from stockroom.cli.site import ACTOR, Site, pass_site
from stockroom.errors import BadRequest

if TYPE_CHECKING:
    from stockroom.manage.reports.rows import Usage
    from stockroom.policies import Quotas

TEAM = click.argument("team")
CHANGES = click.argument("changes", metavar="NAME=VALUE...", nargs=-1, required=True)


@click.command("show")
@REGISTRY
@json_option
@pass_site
def show_registry(site: Site, registry: str, as_json: bool) -> None:
    """Show what a registry and its team hold, against their quotas, and its own settings."""
    from msgspec.structs import asdict

    from stockroom.manage.policies import describe
    from stockroom.manage.reports.documents import registry_document, usage_document
    from stockroom.manage.usage import queries

    address = split_registry(registry)
    with site.read() as connection:
        place = queries.find_place(connection, *address)
        usage = queries.registry_usage(connection, place.id)
        of_team = queries.team_usage(connection, place.team_id)
    if as_json:
        document = registry_document(address, place.kind, place.team, place.policy, usage)
        print_json({**asdict(document), "team_usage": usage_document(of_team, place.team_policy)})
        return
    click.echo(f"{registry}, {place.kind}: {_used(usage, place.policy)}")
    click.echo(f"team {place.team}: {_used(of_team, place.team_policy)}")
    own = [row for row in describe(place.policy) if row.value != row.default]
    if own:
        click.echo()
        show(own, ("name", "value", "default"), as_json=False)


@click.command("settings")
@REGISTRY
@json_option
@pass_site
def registry_settings(site: Site, registry: str, as_json: bool) -> None:
    """List every setting of a registry: value in force, default, meaning."""
    from stockroom.manage.usage import queries

    with site.read() as connection:
        place = queries.find_place(connection, *split_registry(registry))
    _show_settings(place.policy, as_json=as_json)


@click.command("set")
@REGISTRY
@CHANGES
@REASON
@pass_site
def set_registry(site: Site, registry: str, changes: Sequence[str], reason: str | None) -> None:
    """Change settings of a registry; NAME= puts one back to its default."""
    from stockroom.manage.policies import Policies

    address, wanted = split_registry(registry), _pairs(changes)
    with site.write() as session:
        policy = Policies(session, ACTOR).change_registry(*address, wanted, reason)
    _print_values(policy, wanted)


@click.command("settings")
@TEAM
@json_option
@pass_site
def team_settings(site: Site, team: str, as_json: bool) -> None:
    """List every setting of a team: value in force, default, meaning."""
    from stockroom.manage.usage import queries

    with site.read() as connection:
        policy = queries.team_policy(connection, team)
    _show_settings(policy, as_json=as_json)


@click.command("set")
@TEAM
@CHANGES
@REASON
@pass_site
def set_team(site: Site, team: str, changes: Sequence[str], reason: str | None) -> None:
    """Change settings of a team; NAME= puts one back to its default."""
    from stockroom.manage.policies import Policies

    wanted = _pairs(changes)
    with site.write() as session:
        policy = Policies(session, ACTOR).change_team(team, wanted, reason)
    _print_values(policy, wanted)


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


def _used(usage: Usage, policy: Quotas) -> str:
    from stockroom.manage.policies import quota_of

    quota = quota_of(policy)
    limit = f" of {human_size(quota)}" if quota else ""
    files, packages = count(usage.files, "file"), count(usage.packages, "package")
    return f"{human_size(usage.size)}{limit} in {files} of {packages}"


def _show_settings(policy: Quotas, *, as_json: bool) -> None:
    from stockroom.manage.policies import SettingRow, describe

    show(describe(policy), SettingRow._fields, as_json=as_json)


def _print_values(policy: Quotas, wanted: dict[str, str | None]) -> None:
    from stockroom.spi.settings import as_text

    for name in wanted:
        click.echo(f"{name} = {as_text(getattr(policy, name))}".rstrip())


REGISTRY_COMMANDS = (show_registry, registry_settings, set_registry)
TEAM_COMMANDS = (team_settings, set_team)
