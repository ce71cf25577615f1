"""The views of a workspace: what they are made of, their history and conflicts, and the forms."""

from __future__ import annotations

from typing import Any

from stockroom.dashboard.calling import form, site_of
from stockroom.dashboard.pages import page, see_other
from stockroom.db import Database
from stockroom.errors import Problem
from stockroom.filters import Language
from stockroom.manage.api.calling import actor
from stockroom.manage.api.definitions import resolved
from stockroom.manage.closing import Closing
from stockroom.manage.defining import Views, view_tag
from stockroom.manage.definitions import (
    Definition,
    InvalidDefinition,
    MemberText,
    definition_of,
    parse_lines,
)
from stockroom.manage.problems import PreconditionFailed
from stockroom.manage.viewing import queries
from stockroom.manage.viewing.conflicts import conflicts
from stockroom.manage.viewing.documents import view_report
from stockroom.manage.viewing.rows import ConflictReport, RevisionReport
from stockroom.resources import Directory, ViewResource, WorkspaceResource
from stockroom.security.permissions import Permission
from stockroom.web import Ready, Request

MOST_REVISIONS = 50
MOST_CONFLICTS = 50
"""Shown on the page of a view; the API and the command line have all."""


def show_views(context: WorkspaceResource, request: Request) -> Ready:
    """The views of a workspace."""
    row, snapshot = context.row, request.service(Directory).snapshot()
    return page(
        request,
        "views",
        workspace=row.name,
        views=[view_report(snapshot, row, view) for _, view in sorted(row.views.items())],
        defines=request.has_permission(Permission.VIEW_DEFINE, context),
    )


def show_view(context: ViewResource, request: Request) -> Ready:
    """What a view is made of, since when and why, and the conflicts in it."""
    return _view(context, request)


def show_new(context: WorkspaceResource, request: Request) -> Ready:
    """The form for a new view."""
    return _form(request, context.row.name, None, {})


def make_view(context: WorkspaceResource, request: Request) -> Ready:
    """Make a view."""
    workspace, given = context.row.name, form(request)
    name = given.get("name", "").strip()
    try:
        definition = _definition(given)
        groups = resolved(request, definition)
        views = Views(request.new_session(), actor(request))
        views.create(workspace, name, definition, groups, given.get("reason"))
    except Problem as problem:
        return _form(request, workspace, None, given, problem)
    return see_other(request, f"/views/{workspace}/{name}", done="view-made")


def show_change(context: ViewResource, request: Request) -> Ready:
    """The form to change a view, with what it is made of now."""
    given = {"groups": "\n".join(_texts(context, request))}
    return _form(request, context.workspace.name, context, given)


def change_view(context: ViewResource, request: Request) -> Ready:
    """Let a view be made of something else, if it still is what the form was made for."""
    workspace, name, given = context.workspace.name, context.row.name, form(request)
    try:
        definition = _definition(given)
        groups = resolved(request, definition)
        views = Views(request.new_session(), actor(request), given.get("tag", ""))
        views.change(workspace, name, definition, groups, given.get("reason"))
    except Problem as problem:
        return _form(request, workspace, context, given, problem)
    return see_other(request, f"/views/{workspace}/{name}", done="view-changed")


def delete_view(context: ViewResource, request: Request) -> Ready:
    """Delete a view, if it still is what the page has shown."""
    workspace, given = context.workspace.name, form(request)
    try:
        closing = Closing(request.new_session(), actor(request), given.get("tag", ""))
        closing.delete_view(workspace, context.row.name, given.get("reason"))
    except Problem as problem:
        return _view(context, request, problem)
    return see_other(request, f"/views/{workspace}", done="view-deleted")


def _view(context: ViewResource, request: Request, problem: Problem | None = None) -> Ready:
    row, workspace = context.row, context.workspace
    with request.service(Database).read() as connection:
        history = queries.history(connection, row.id, limit=MOST_REVISIONS + 1)
    return page(
        request,
        "view",
        status=problem.status if problem else 200,
        error=problem.detail if problem else None,
        workspace=workspace.name,
        view=row.name,
        groups=definition_of(row, request.service(Directory).snapshot()).groups,
        default=row.name in workspace.registries,
        index=f"{site_of(request).origin}/simple/{workspace.name}/{row.name}/",
        revisions=[(entry, _lines(entry)) for entry in history[:MOST_REVISIONS]],
        more_revisions=len(history) > MOST_REVISIONS,
        conflicts=_conflicts(context, request),
        most_conflicts=MOST_CONFLICTS,
        defines=request.has_permission(Permission.VIEW_DEFINE, context),
        tag=view_tag(row.id, row.revision),
    )


def _conflicts(context: ViewResource, request: Request) -> list[ConflictReport] | None:
    """One more than is shown if there are more; None for who may not read all that is shown."""
    if not request.has_permission(Permission.VIEW_READ, context):
        return None
    snapshot, language = request.service(Directory).snapshot(), request.service(Language)
    with request.service(Database).read() as connection:
        return conflicts(connection, language, snapshot, context.row, limit=MOST_CONFLICTS + 1)


def _form(
    request: Request,
    workspace: str,
    context: ViewResource | None,
    given: dict[str, str],
    problem: Problem | None = None,
) -> Ready:
    """The form for a new view, or of one that there is."""
    wrong = isinstance(problem, InvalidDefinition)
    values: dict[str, Any] = {"view": None, "tag": None, "now": None}
    if context is not None:
        row = context.row
        values = {"view": row.name, "tag": view_tag(row.id, row.revision)}
        # What somebody else has made of it is told, and what was typed here is kept.
        overtaken = isinstance(problem, PreconditionFailed)
        values["now"] = _texts(context, request) if overtaken else None
    return page(
        request,
        "view-form",
        status=problem.status if problem else 200,
        error=problem.detail if problem and not wrong else None,
        mistakes=problem.mistakes if isinstance(problem, InvalidDefinition) else (),
        workspace=workspace,
        given=given,
        **values,
    )


def _definition(given: dict[str, str]) -> Definition:
    return parse_lines(given.get("groups", "").replace("\r\n", "\n"))


def _texts(context: ViewResource, request: Request) -> tuple[str, ...]:
    return definition_of(context.row, request.service(Directory).snapshot()).texts


def _lines(entry: RevisionReport) -> tuple[str, ...]:
    groups = (
        tuple(MemberText(member.registry, member.filter) for member in group)
        for group in entry.groups
    )
    return Definition(tuple(groups)).texts
