"""Releases of a package: look, yank, write notes, delete."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from stockroom.errors import BadRequest
from stockroom.manage.api.calling import actor, need, read, seen_by
from stockroom.manage.api.confirming import Confirmation, ConfirmationQuery, confirmation_of
from stockroom.manage.api.operations import Tagged
from stockroom.manage.deletions import Deletions
from stockroom.manage.packages import Packages
from stockroom.manage.reports import queries
from stockroom.manage.reports.documents import deletion_document
from stockroom.manage.reports.rows import DeletionDocument, ReleaseReport
from stockroom.resources import ReleaseResource
from stockroom.security.permissions import Permission
from stockroom.web import Request


class ReleasePatch(Struct, forbid_unknown_fields=True):
    """What can be changed about a release."""

    yanked: bool | UnsetType = UNSET
    yanked_reason: str | UnsetType | None = UNSET
    notes: str | UnsetType | None = UNSET


def show_release(context: ReleaseResource, request: Request) -> Tagged[ReleaseReport]:
    """Show a release with its files."""
    with read(request) as connection:
        return _shown(connection, context)


def change_release(
    context: ReleaseResource, request: Request, body: ReleasePatch, if_match: str | None
) -> Tagged[ReleaseReport]:
    """Yank or unyank all files; set the notes, which takes the permission for notes."""
    session = request.new_session()
    packages = Packages(session, actor(request), if_match)
    address = (*context.package.address, context.__name__)
    if body.yanked is not UNSET:
        reason = None if body.yanked_reason is UNSET else body.yanked_reason
        packages.set_yanked(*address, yanked=body.yanked, reason=reason)
    elif body.yanked_reason is not UNSET:
        raise BadRequest("yanked_reason needs yanked: true beside it")
    if body.notes is not UNSET:
        need(request, Permission.PACKAGE_CHANGE)
        packages.set_release_notes(*address, body.notes)
    return _shown(seen_by(session), context)


def delete_release(
    context: ReleaseResource,
    request: Request,
    query: ConfirmationQuery,
    body: Confirmation | None,
    if_match: str | None,
) -> DeletionDocument:
    """Delete a release with its files."""
    confirmation = confirmation_of(query, body)
    deletions = Deletions(request.new_session(), actor(request), if_match)
    deleted = deletions.delete_release(
        *context.package.address,
        context.__name__,
        confirm=confirmation.confirm,
        reason=confirmation.reason,
    )
    return deletion_document(deleted)


def _shown(connection: Connection, context: ReleaseResource) -> Tagged[ReleaseReport]:
    package = context.package
    head = queries.package_head(connection, package.registry.row.id, package.__name__)
    return Tagged(queries.release_report(connection, head, context.__name__), head.etag)
