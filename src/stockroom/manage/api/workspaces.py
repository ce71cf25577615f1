"""Workspaces, and the making of what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Literal

from msgspec import Struct
from msgspec.structs import astuple

from stockroom.errors import InvalidName
from stockroom.manage import queries
from stockroom.manage.api.answers import page
from stockroom.manage.api.calling import actor, read, seen_by
from stockroom.manage.api.operations import Tagged, outcome
from stockroom.manage.api.parameters import Paging
from stockroom.manage.closing import Closing
from stockroom.manage.people.rows import RegistrySummary, WorkspaceReport
from stockroom.manage.places import FIRST_REGISTRY, Places, workspace_tag
from stockroom.manage.problems import NameTaken, NoSuchPlace, NotEmpty
from stockroom.manage.reports.rows import RegistryRow
from stockroom.resources import (
    Directory,
    TeamResource,
    WorkspaceResource,
    WorkspaceRow,
    Workspaces,
)
from stockroom.security.permissions import Permission
from stockroom.web import Request

Visibility = Literal["team", "global", "public"]


class NewWorkspace(Struct, forbid_unknown_fields=True):
    """A workspace to make."""

    name: str
    visibility: Visibility = "team"


class WorkspacePatch(Struct, forbid_unknown_fields=True):
    """What can be changed about a workspace."""

    visibility: Visibility


class NewRegistry(Struct, forbid_unknown_fields=True):
    """A registry to make."""

    name: str


class WorkspacePage(Struct):
    """Workspaces by name."""

    workspaces: list[WorkspaceReport]
    next: str | None


class RegistryPage(Struct):
    """Registries by name."""

    registries: list[RegistrySummary]
    next: str | None


def list_workspaces(context: Workspaces, request: Request, query: Paging) -> WorkspacePage:
    """List the workspaces that the caller may see as a whole."""
    found = []
    for name in sorted(name for name in context.snapshot.workspaces if name > query.after):
        workspace = context[name]
        if request.has_permission(Permission.WORKSPACE_READ, workspace):
            found.append(workspace.row)
        if len(found) > query.limit:
            break
    return page(WorkspacePage, _reports(request, found), query.limit, "name")


def list_team_workspaces(context: TeamResource, request: Request, query: Paging) -> WorkspacePage:
    """List the workspaces of a team."""
    everything = request.service(Directory).snapshot().workspaces.items()
    rows = sorted(
        (name, row)
        for name, row in everything
        if row.team.id == context.row.id and name > query.after
    )
    found = [row for _, row in rows[: query.limit + 1]]
    return page(WorkspacePage, _reports(request, found), query.limit, "name")


@outcome(InvalidName, NameTaken, status=HTTPStatus.CREATED)
def create_workspace(
    context: TeamResource, request: Request, body: NewWorkspace
) -> Tagged[WorkspaceReport]:
    """Make a workspace of a team, with its registry main."""
    made = Places(request.new_session(), actor(request)).create_workspace(
        body.name, visibility=body.visibility, team=context.row.name
    )
    first = [FIRST_REGISTRY]
    report = WorkspaceReport(
        made.name, context.row.name, made.visibility, first, first, made.created_at
    )
    return Tagged(report, workspace_tag(made.id, made.visibility))


def show_workspace(context: WorkspaceResource, request: Request) -> Tagged[WorkspaceReport]:
    """Show a workspace with the names of its registries and views."""
    reports = _reports(request, [context.row])
    if not reports:
        raise NoSuchPlace(f"there is no workspace {context.row.name}")
    return _tagged(context.row, reports[0])


def change_workspace(
    context: WorkspaceResource, request: Request, body: WorkspacePatch, if_match: str | None
) -> Tagged[WorkspaceReport]:
    """Open or close a workspace to readers outside of its team."""
    session = request.new_session()
    places = Places(session, actor(request))
    places.set_visibility(context.row.name, body.visibility, if_match)
    [row] = queries.workspaces(seen_by(session), [context.row.name])
    changed = replace(context.row, visibility=row.visibility)
    return _tagged(changed, _report(changed, row.created_at))


@outcome(NotEmpty)
def delete_workspace(context: WorkspaceResource, request: Request, if_match: str | None) -> None:
    """Delete a workspace without packages, with its registries and views."""
    Closing(request.new_session(), actor(request), if_match).delete_workspace(context.row.name)


def list_registries(context: WorkspaceResource, request: Request, query: Paging) -> RegistryPage:
    """List the registries of a workspace."""
    with read(request) as connection:
        rows = queries.registries(connection, context.row.name)
    found = [_summary(row) for row in rows]
    following = [row for row in found if row.name > query.after]
    return page(RegistryPage, following[: query.limit + 1], query.limit, "name")


@outcome(InvalidName, NameTaken, status=HTTPStatus.CREATED)
def create_registry(
    context: WorkspaceResource, request: Request, body: NewRegistry
) -> RegistrySummary:
    """Make a hosted registry, with the view of its name."""
    places = Places(request.new_session(), actor(request))
    made = places.create_registry(context.row.name, body.name)
    return RegistrySummary(made.name, made.kind, 0, 0, 0, None, made.created_at)


def _reports(request: Request, rows: Sequence[WorkspaceRow]) -> list[WorkspaceReport]:
    """What is shown of workspaces; one that is deleted in this moment is left out."""
    with read(request) as connection:
        found = queries.workspaces(connection, [row.name for row in rows])
    made = {row.name: row.created_at for row in found}
    return [_report(row, made[row.name]) for row in rows if row.name in made]


def _report(row: WorkspaceRow, created_at: datetime) -> WorkspaceReport:
    return WorkspaceReport(
        row.name,
        row.team.name,
        row.visibility,
        sorted(row.registries),
        sorted(row.views),
        created_at,
    )


def _summary(row: RegistryRow) -> RegistrySummary:
    _, _, name = row.registry.partition("/")
    return RegistrySummary(name, *astuple(row)[1:])


def _tagged(row: WorkspaceRow, report: WorkspaceReport) -> Tagged[WorkspaceReport]:
    return Tagged(report, workspace_tag(row.id, row.visibility))
