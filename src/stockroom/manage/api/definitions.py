"""Views: what they are made of, and what they were made of before."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from msgspec import Meta, Struct

from stockroom.errors import Conflict, InvalidName
from stockroom.filters import Language
from stockroom.manage.api.answers import page
from stockroom.manage.api.calling import actor, need, read, seen_by
from stockroom.manage.api.operations import Tagged, outcome
from stockroom.manage.api.parameters import DEFAULT_LIMIT, AfterId, Limit, Paging
from stockroom.manage.closing import Closing
from stockroom.manage.defining import Views, view_tag
from stockroom.manage.definitions import (
    Definition,
    InvalidDefinition,
    MayRead,
    MemberText,
    resolve,
)
from stockroom.manage.people.rows import ViewReport
from stockroom.manage.problems import DefaultView, InvalidText, NameTaken
from stockroom.manage.viewing import queries
from stockroom.manage.viewing.conflicts import conflicts
from stockroom.manage.viewing.documents import view_document, view_report
from stockroom.manage.viewing.rows import ConflictReport, RevisionReport, ViewDocument
from stockroom.resources import (
    Directory,
    Groups,
    RegistryRow,
    Root,
    ViewResource,
    WorkspaceResource,
)
from stockroom.security.permissions import Permission
from stockroom.security.scopes import Scope
from stockroom.web import Request


class ViewMemberBody(Struct, forbid_unknown_fields=True):
    """A registry in a group."""

    registry: Annotated[str, Meta(description="As WORKSPACE/NAME.")]
    filter: Annotated[
        str | None, Meta(description="In the filter language; null shows the whole registry.")
    ] = None


class ViewBody(Struct, forbid_unknown_fields=True):
    """What a view is to be made of: its groups in order, each with its registries in order."""

    groups: list[list[ViewMemberBody]]
    reason: str | None = None

    @property
    def definition(self) -> Definition:
        """The groups."""
        return Definition(
            tuple(
                tuple(MemberText(member.registry, member.filter) for member in group)
                for group in self.groups
            )
        )


class NewView(ViewBody, kw_only=True, forbid_unknown_fields=True):
    """A view to make."""

    name: str


class ViewPage(Struct):
    """Views by name."""

    views: list[ViewReport]
    next: str | None


class ReasonQuery(Struct):
    """Why."""

    reason: Annotated[str, Meta(description="Why; kept in the audit trail.")] = ""


class HistoryQuery(Struct):
    """Which page of a history."""

    limit: Limit = DEFAULT_LIMIT
    after: AfterId | None = None


class ConflictPage(Struct):
    """Conflicts by package and filename."""

    conflicts: list[ConflictReport]
    next: str | None


class RevisionPage(Struct):
    """Revisions, the newest first."""

    revisions: list[RevisionReport]
    next: int | None


def list_views(context: WorkspaceResource, request: Request, query: Paging) -> ViewPage:
    """List the views of a workspace, with the registries that they show."""
    row, snapshot = context.row, request.service(Directory).snapshot()
    views = [view for name, view in sorted(row.views.items()) if name > query.after]
    found = [view_report(snapshot, row, view) for view in views[: query.limit + 1]]
    return page(ViewPage, found, query.limit, "name")


@outcome(
    InvalidName, NameTaken, InvalidDefinition, InvalidText, Conflict, status=HTTPStatus.CREATED
)
def create_view(
    context: WorkspaceResource, request: Request, body: NewView
) -> Tagged[ViewDocument]:
    """Make a view of registries that the caller may read, of this and other workspaces."""
    groups = resolved(request, body.definition)
    session = request.new_session()
    views = Views(session, actor(request))
    made = views.create(context.row.name, body.name, body.definition, groups, body.reason)
    newest = queries.newest(seen_by(session), made.id, made.name)
    return Tagged(view_document(context.row, made.name, newest), view_tag(made.id, made.revision))


def show_view(context: ViewResource, request: Request) -> Tagged[ViewDocument]:
    """Show what a view is made of, since when, by whom and why."""
    with read(request) as connection:
        newest = queries.newest(connection, context.row.id, context.row.name)
    return _tagged(context, newest)


@outcome(InvalidDefinition, InvalidText, DefaultView, Conflict)
def change_view(
    context: ViewResource, request: Request, body: ViewBody, if_match: str | None
) -> Tagged[ViewDocument]:
    """Let a view be made of something else.

    Whoever defines a view must be able to read every registry that it names; who installs through
    it must be able to read those of other workspaces.
    """
    groups = resolved(request, body.definition)
    session = request.new_session()
    views = Views(session, actor(request), if_match)
    views.change(context.workspace.name, context.row.name, body.definition, groups, body.reason)
    return _tagged(context, queries.newest(seen_by(session), context.row.id, context.row.name))


@outcome(DefaultView, InvalidText)
def delete_view(
    context: ViewResource, request: Request, query: ReasonQuery, if_match: str | None
) -> None:
    """Delete a view, with the roles on it; what it shows stays where it is."""
    closing = Closing(request.new_session(), actor(request), if_match)
    closing.delete_view(context.workspace.name, context.row.name, query.reason)


def show_history(context: ViewResource, request: Request, query: HistoryQuery) -> RevisionPage:
    """List what a view was made of, by whom and why, the newest first."""
    with read(request) as connection:
        rows = queries.history(
            connection, context.row.id, before=query.after, limit=query.limit + 1
        )
    return page(RevisionPage, rows, query.limit, "revision")


def show_conflicts(context: ViewResource, request: Request, query: Paging) -> ConflictPage:
    """List the files of one name and different contents in registries that the view merges.

    The first registry's is taken, silently for who installs. Needs to read every registry that the
    view shows.
    """
    need(request, Permission.VIEW_READ)
    snapshot = request.service(Directory).snapshot()
    with read(request) as connection:
        found = conflicts(
            connection,
            request.service(Language),
            snapshot,
            context.row,
            after=query.after,
            limit=query.limit + 1,
        )
    return page(ConflictPage, found, query.limit, "key")


def resolved(request: Request, definition: Definition) -> Groups:
    """The groups of a definition that the caller may make.

    :raises InvalidDefinition: they may not, or it is wrong.
    """
    snapshot = request.service(Directory).snapshot()
    return resolve(definition, snapshot, request.service(Language), registry_reader(request))


def registry_reader(request: Request) -> MayRead:
    """Tells whether the caller may read a registry by itself."""
    root = Root(request.service(Directory))

    def may_read(row: RegistryRow) -> bool:
        workspace = root.snapshot.names[Scope("registry", row.id)].partition("/")[0]
        registry = root["workspaces"][workspace]["registries"][row.name]
        return bool(request.has_permission(Permission.VIEW_READ, registry))

    return may_read


def _tagged(context: ViewResource, newest: RevisionReport) -> Tagged[ViewDocument]:
    document = view_document(context.workspace, context.row.name, newest)
    return Tagged(document, view_tag(context.row.id, newest.revision))
