"""Files of a package: list, look, yank, delete."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from stockroom.errors import BadRequest
from stockroom.manage.api.answers import page
from stockroom.manage.api.calling import actor, read, seen_by
from stockroom.manage.api.confirming import Confirmation, ConfirmationQuery, confirmation_of
from stockroom.manage.api.operations import Tagged
from stockroom.manage.api.parameters import Paging
from stockroom.manage.deletions import Deletions
from stockroom.manage.packages import Packages
from stockroom.manage.reports import queries
from stockroom.manage.reports.documents import deletion_document
from stockroom.manage.reports.rows import DeletionDocument, FileReport
from stockroom.resources import FileResource, PackageResource
from stockroom.web import Request


class FilePatch(Struct, forbid_unknown_fields=True):
    """What can be changed about a file."""

    yanked: bool | UnsetType = UNSET
    yanked_reason: str | UnsetType | None = UNSET


class FilePage(Struct):
    """Files of a package by name."""

    files: list[FileReport]
    next: str | None


def list_files(context: PackageResource, request: Request, query: Paging) -> FilePage:
    """List all files of a package, of every release."""
    with read(request) as connection:
        head = queries.package_head(connection, context.registry.row.id, context.__name__)
        rows = queries.package_files(connection, head, limit=query.limit + 1, after=query.after)
    return page(FilePage, rows, query.limit, "filename")


def show_file(context: FileResource, request: Request) -> Tagged[FileReport]:
    """Show what is known of a file."""
    with read(request) as connection:
        return _shown(connection, context)


def change_file(
    context: FileResource, request: Request, body: FilePatch, if_match: str | None
) -> Tagged[FileReport]:
    """Yank or unyank one file."""
    session = request.new_session()
    if body.yanked is not UNSET:
        reason = None if body.yanked_reason is UNSET else body.yanked_reason
        Packages(session, actor(request), if_match).set_file_yanked(
            *context.package.address, context.__name__, yanked=body.yanked, reason=reason
        )
    elif body.yanked_reason is not UNSET:
        raise BadRequest("yanked_reason needs yanked: true beside it")
    return _shown(seen_by(session), context)


def delete_file(
    context: FileResource,
    request: Request,
    query: ConfirmationQuery,
    body: Confirmation | None,
    if_match: str | None,
) -> DeletionDocument:
    """Delete a file, and its release if it was the last one."""
    confirmation = confirmation_of(query, body)
    deletions = Deletions(request.new_session(), actor(request), if_match)
    deleted = deletions.delete_file(
        *context.package.address,
        context.__name__,
        confirm=confirmation.confirm,
        reason=confirmation.reason,
    )
    return deletion_document(deleted)


def _shown(connection: Connection, context: FileResource) -> Tagged[FileReport]:
    package = context.package
    head = queries.package_head(connection, package.registry.row.id, package.__name__)
    return Tagged(queries.file_report(connection, head, context.__name__), head.etag)
