"""Workspaces, and the making of what they hold."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Literal

from msgspec import Struct

from stockroom.errors import InvalidName
from stockroom.manage.api.answers import page
from stockroom.manage.api.calling import actor
from stockroom.manage.api.operations import Tagged, outcome
from stockroom.manage.api.parameters import Paging
from stockroom.manage.closing import Closing
from stockroom.manage.people.rows import RegistrySummary, ViewReport, WorkspaceReport
from stockroom.manage.places import FIRST_REGISTRY, Places, workspace_tag
from stockroom.manage.problems import NameTaken, NotEmpty
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


class ViewPage(Struct):
    """Views by name."""

    views: list[ViewReport]
    next: str | None


def list_workspaces(context: Workspaces, request: Request, query: Paging) -> WorkspacePage:
    """List the workspaces that the caller may see as a whole."""
    found = []
    for name in sorted(name for name in context.snapshot.workspaces if name > query.after):
        workspace = context[name]
        if request.has_permission(Permission.WORKSPACE_READ, workspace):
            found.append(_report(workspace.row))
        if len(found) > query.limit:
            break
    return page(WorkspacePage, found, query.limit, "name")


def list_team_workspaces(context: TeamResource, request: Request, query: Paging) -> WorkspacePage:
    """List the workspaces of a team."""
    everything = request.service(Directory).snapshot().workspaces.items()
    rows = sorted(
        (name, row)
        for name, row in everything
        if row.team.id == context.row.id and name > query.after
    )
    found = [_report(row) for _, row in rows[: query.limit + 1]]
    return page(WorkspacePage, found, query.limit, "name")


@outcome(InvalidName, NameTaken, status=HTTPStatus.CREATED)
def create_workspace(
    context: TeamResource, request: Request, body: NewWorkspace
) -> Tagged[WorkspaceReport]:
    """Make a workspace of a team, with its registry main."""
    made = Places(request.new_session(), actor(request)).create_workspace(
        body.name, visibility=body.visibility, team=context.row.name
    )
    first = [FIRST_REGISTRY]
    report = WorkspaceReport(made.name, context.row.name, made.visibility, first, first)
    return Tagged(report, workspace_tag(made.id, made.visibility))


def show_workspace(context: WorkspaceResource, request: Request) -> Tagged[WorkspaceReport]:
    """Show a workspace with the names of its registries and views."""
    return _tagged(context.row)


def change_workspace(
    context: WorkspaceResource, request: Request, body: WorkspacePatch, if_match: str | None
) -> Tagged[WorkspaceReport]:
    """Open or close a workspace to readers outside of its team."""
    places = Places(request.new_session(), actor(request))
    places.set_visibility(context.row.name, body.visibility, if_match)
    return _tagged(replace(context.row, visibility=body.visibility))


@outcome(NotEmpty)
def delete_workspace(context: WorkspaceResource, request: Request, if_match: str | None) -> None:
    """Delete a workspace without packages, with its registries and views."""
    Closing(request.new_session(), actor(request), if_match).delete_workspace(context.row.name)


def list_registries(context: WorkspaceResource, request: Request, query: Paging) -> RegistryPage:
    """List the registries of a workspace."""
    rows = sorted(context.row.registries.items())
    found = [RegistrySummary(name, row.kind) for name, row in rows if name > query.after]
    return page(RegistryPage, found[: query.limit + 1], query.limit, "name")


@outcome(InvalidName, NameTaken, status=HTTPStatus.CREATED)
def create_registry(
    context: WorkspaceResource, request: Request, body: NewRegistry
) -> RegistrySummary:
    """Make a hosted registry, with the view of its name."""
    places = Places(request.new_session(), actor(request))
    made = places.create_registry(context.row.name, body.name)
    return RegistrySummary(made.name, made.kind)


def list_views(context: WorkspaceResource, request: Request, query: Paging) -> ViewPage:
    """List the views of a workspace, with the registries that they show."""
    row = context.row
    names = {registry.id: name for name, registry in row.registries.items()}
    found = [
        ViewReport(
            name,
            [[names[id_] for id_ in group if id_ in names] for group in view.groups],
            f"/simple/{row.name}/{name}/",
        )
        for name, view in sorted(row.views.items())
        if name > query.after
    ]
    return page(ViewPage, found[: query.limit + 1], query.limit, "name")


def _report(row: WorkspaceRow) -> WorkspaceReport:
    return WorkspaceReport(
        row.name, row.team.name, row.visibility, sorted(row.registries), sorted(row.views)
    )


def _tagged(row: WorkspaceRow) -> Tagged[WorkspaceReport]:
    return Tagged(_report(row), workspace_tag(row.id, row.visibility))
