"""`stockroom user`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stockroom.cli.backends.choosing import pass_backend
from stockroom.cli.output import json_option, print_json, show
from stockroom.cli.site import ACTOR, Site, pass_site

if TYPE_CHECKING:
    from stockroom.cli.backends.protocols import Backend

LIFETIME = "It can be used once, within 24 hours."


@click.group()
def user() -> None:
    """Manage the people who sign in with a browser."""


@user.command("create")
@click.argument("name")
@click.option("--email", help="Their e-mail address.")
@click.option("--owner", is_flag=True, help="They own the server: everything on it.")
@json_option
@pass_site
def create(site: Site, name: str, email: str | None, owner: bool, as_json: bool) -> None:
    """Create the user NAME, and print the link with which they set a password."""
    from stockroom.accounts.joining import Links
    from stockroom.manage.grants import Grants
    from stockroom.manage.scopes import SERVER_SCOPE
    from stockroom.manage.users import Users
    from stockroom.security.permissions import Role
    from stockroom.security.scopes import SERVER

    with site.write() as session:
        made = Users(session, ACTOR).create(name, email)
        if owner:
            subject = f"user:{made.id}"
            Grants(session, ACTOR).set(subject, Role.OWNER, SERVER, SERVER_SCOPE)
        secret = Links(session, ACTOR).for_password(made.id)
    _print(site, f"created the user {name}", name, secret, as_json=as_json)


@user.command("password-link")
@click.argument("name")
@json_option
@pass_site
def password_link(site: Site, name: str, as_json: bool) -> None:
    """Print a link with which the user NAME sets a password; links from before are over."""
    from stockroom.accounts.joining import Links
    from stockroom.manage.users import Users

    with site.write() as session:
        found = Users(session, ACTOR).find(name)
        secret = Links(session, ACTOR).for_password(found.id)
    _print(site, f"made a link for the user {name}", name, secret, as_json=as_json)


@user.command("list")
@click.option("--query", default="", metavar="TEXT", help="Only whose name or address has this.")
@json_option
@pass_backend
def list_users(backend: Backend, query: str, as_json: bool) -> None:
    """List all users, with their roles on the whole server."""
    from stockroom.manage.people.rows import UserReport

    show(backend.people.users(query), UserReport.__struct_fields__, as_json=as_json)


@user.command("disable")
@click.argument("name")
@pass_backend
def disable(backend: Backend, name: str) -> None:
    """Disable the user NAME: whatever they are signed in with ends at the next request."""
    backend.people.set_disabled(name, disabled=True)
    click.echo(f"disabled the user {name}")


@user.command("enable")
@click.argument("name")
@pass_backend
def enable(backend: Backend, name: str) -> None:
    """Enable the user NAME again."""
    backend.people.set_disabled(name, disabled=False)
    click.echo(f"enabled the user {name}")


def _print(site: Site, done: str, name: str, secret: str, *, as_json: bool) -> None:
    base = site.configuration.settings.base_url
    link = f"{(base or '').rstrip('/')}/join/{secret}"
    if as_json:
        print_json({"name": name, "link": link})
        return
    where = "" if base else ", with the address of the server before it"
    click.echo(f"{done}; they set a password with this link{where}. {LIFETIME}")
    click.echo(link)


COMMANDS = (user,)
