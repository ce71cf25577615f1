"""`stockroom view`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from stockroom.cli.arguments import REASON, split_registry
from stockroom.cli.backends.choosing import pass_backend
from stockroom.cli.output import count, json_option, print_json, show
from stockroom.cli.why import rehearse

if TYPE_CHECKING:
    from datetime import datetime

    from stockroom.cli.backends.protocols import Backend
    from stockroom.manage.groups import Definition
    from stockroom.manage.viewing.rows import ViewDocument, ViewMemberDocument

VIEW = click.argument("view", metavar="WORKSPACE/VIEW")
GROUPS = click.option(
    "--group",
    "groups",
    metavar="GROUP",
    multiple=True,
    required=True,
    help="Registries that are merged, such as 'acme/main, acme/side' or "
    "'public/pypi[release.age_days >= 7]'; once for each group, the first one wins.",
)
BETWEEN = " | "
"""Stands between groups in tables."""


class ViewRow(NamedTuple):
    """A view in a table."""

    view: str
    groups: str
    revision: int
    default: bool


class RevisionRow(NamedTuple):
    """A revision in a table."""

    revision: int
    at: datetime
    by: str
    reason: str | None
    groups: str


class ConflictRow(NamedTuple):
    """One of several files of a name in a table."""

    package: str
    filename: str
    registry: str
    taken: bool
    size: int
    sha256: str
    uploaded_at: datetime


@click.group("view")
def view_group() -> None:
    """Manage views: combinations of registries to install from."""


@view_group.command("create")
@VIEW
@GROUPS
@REASON
@pass_backend
def create_view(backend: Backend, view: str, groups: Sequence[str], reason: str | None) -> None:
    """Create a view of registries of any workspace."""
    backend.views.create(split_registry(view), _definition(groups), reason)
    click.echo(f"created view {view}")


@view_group.command("list")
@click.argument("workspace", required=False)
@json_option
@pass_backend
def list_views(backend: Backend, workspace: str | None, as_json: bool) -> None:
    """List views with their groups: all, or those of WORKSPACE."""
    found = backend.views.find(workspace)
    if as_json:
        show(found, (), as_json=True)
        return
    rows = [ViewRow(row.view, BETWEEN.join(row.groups), row.revision, row.default) for row in found]
    show(rows, ViewRow._fields, as_json=False)


@view_group.command("show")
@VIEW
@json_option
@pass_backend
def show_view(backend: Backend, view: str, as_json: bool) -> None:
    """Show what a view is made of, since when, by whom and why."""
    found = backend.views.show(split_registry(view))
    if as_json:
        print_json(found)
        return
    _print(found)


@view_group.command("set")
@VIEW
@GROUPS
@REASON
@click.option("--revision", type=int, help="Only if that is what `view show` shows.")
@pass_backend
def set_view(
    backend: Backend, view: str, groups: Sequence[str], reason: str | None, revision: int | None
) -> None:
    """Let a view be made of other groups from now on."""
    address, definition = split_registry(view), _definition(groups)
    found = backend.views.set(address, definition, reason, revision)
    click.echo(f"view {view} is at revision {found.revision} now")


@view_group.command("delete")
@VIEW
@REASON
@pass_backend
def delete_view(backend: Backend, view: str, reason: str | None) -> None:
    """Delete a view, with the roles on it; the registries that it shows stay."""
    backend.views.delete(split_registry(view), reason)
    click.echo(f"deleted view {view}")


@view_group.command("history")
@VIEW
@json_option
@pass_backend
def show_history(backend: Backend, view: str, as_json: bool) -> None:
    """List what a view was made of, by whom and why, the newest first."""
    found = backend.views.history(split_registry(view))
    if as_json:
        show(found, (), as_json=True)
        return
    rows = [
        RevisionRow(
            row.revision, row.at, row.actor_name or row.actor, row.reason, _line(row.groups)
        )
        for row in found
    ]
    show(rows, RevisionRow._fields, as_json=False)


@view_group.command("conflicts")
@VIEW
@json_option
@pass_backend
def show_conflicts(backend: Backend, view: str, as_json: bool) -> None:
    """List files of one name and different contents in registries that a view merges."""
    found = backend.views.conflicts(split_registry(view))
    if as_json:
        show(found, (), as_json=True)
        return
    rows = [
        ConflictRow(
            conflict.package,
            conflict.filename,
            file.registry,
            file.registry == conflict.taken,
            file.size,
            file.sha256,
            file.uploaded_at,
        )
        for conflict in found
        for file in conflict.files
    ]
    show(rows, ConflictRow._fields, as_json=False)
    click.echo(count(len(found), "conflict"))


def _definition(groups: Sequence[str]) -> Definition:
    from stockroom.manage.groups import parse_groups

    return parse_groups(groups)


def _print(found: ViewDocument) -> None:
    click.echo(f"{found.workspace}/{found.name}, revision {found.revision}")
    click.echo(f"by {found.actor_name or found.actor}, {found.at:%Y-%m-%d %H:%M} UTC")
    if found.reason:
        click.echo(f"because: {found.reason}")
    click.echo(f"index: {found.index}")
    if found.default:
        click.echo("the view of the registry of this name")
    for number, group in enumerate(_texts(found.groups), start=1):
        click.echo(f"group {number}: {group}")


def _line(groups: Sequence[Sequence[ViewMemberDocument]]) -> str:
    return BETWEEN.join(_texts(groups))


def _texts(groups: Sequence[Sequence[ViewMemberDocument]]) -> tuple[str, ...]:
    from stockroom.manage.groups import Definition, MemberText

    members = (
        tuple(MemberText(member.registry, member.filter) for member in group) for group in groups
    )
    return Definition(tuple(members)).texts


view_group.add_command(rehearse)

COMMANDS = (view_group,)
