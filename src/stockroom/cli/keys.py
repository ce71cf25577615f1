"""`stockroom key`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stockroom.cli.backends.choosing import pass_backend
from stockroom.cli.output import json_option, print_json, show
from stockroom.manage.problems import SCOPE_HELP
from stockroom.security.permissions import Role

if TYPE_CHECKING:
    from stockroom.cli.backends.protocols import Backend


@click.group()
def key() -> None:
    """Manage API keys, with which packages are published and installed."""


@key.command("create")
@click.option("--scope", required=True, help=f"What it is for: {SCOPE_HELP}.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="A reader installs, a writer publishes as well.",
)
@click.option("--name", default="", help="By which you recognise it in listings.")
@click.option(
    "--days",
    type=click.IntRange(1, 36500),
    default=365,
    show_default=True,
    help="Until it expires.",
)
@click.option("--quiet", is_flag=True, help="Print the key and nothing else.")
@json_option
@pass_backend
def create(
    backend: Backend, scope: str, role: str, name: str, days: int, quiet: bool, as_json: bool
) -> None:
    """Create a robot with a role, and an API key for it; the key cannot be shown again.

    People make their own keys in the browser, once they have signed in.
    """
    secret = backend.keys.create(name or f"{role} of {scope}", role=role, scope=scope, days=days)
    if as_json:
        print_json({"key": secret, "role": role, "scope": scope, "days": days})
    elif quiet:
        click.echo(secret)
    else:
        click.echo(f"created a key that is {role} of {scope}; it is shown this once only:")
        click.echo(secret)


@key.command("list")
@json_option
@pass_backend
def list_keys(backend: Backend, as_json: bool) -> None:
    """List all API keys; the secrets are not known any more."""
    from stockroom.manage.reports.rows import KeyRow

    show(backend.keys.find(), KeyRow.__struct_fields__, as_json=as_json)


@key.command("revoke")
@click.argument("key_id", metavar="ID", type=int)
@pass_backend
def revoke(backend: Backend, key_id: int) -> None:
    """Revoke the key ID; its next use fails on every node."""
    backend.keys.revoke(key_id)
    click.echo(f"revoked key {key_id}")


COMMANDS = (key,)
