"""Files of a package: look, yank, delete."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from stockroom.bodies import read_body
from stockroom.errors import BadRequest
from stockroom.manage.api.answers import answer
from stockroom.manage.api.calling import actor, if_match, read, seen_by
from stockroom.manage.api.confirming import read_confirmation
from stockroom.manage.deletions import Deletions
from stockroom.manage.packages import Packages
from stockroom.manage.reports import queries
from stockroom.resources import FileResource
from stockroom.web import Ready, Request


class FilePatch(Struct, forbid_unknown_fields=True):
    """What can be changed about a file."""

    yanked: bool | UnsetType = UNSET
    yanked_reason: str | UnsetType | None = UNSET


def show_file(context: FileResource, request: Request) -> Ready:
    """What is known of a file."""
    with read(request) as connection:
        return _shown(connection, context)


def change_file(context: FileResource, request: Request) -> Ready:
    """Yank or unyank one file."""
    patch = read_body(request, FilePatch)
    session = request.new_session()
    if patch.yanked is not UNSET:
        reason = None if patch.yanked_reason is UNSET else patch.yanked_reason
        Packages(session, actor(request), if_match(request)).set_file_yanked(
            *context.package.address, context.__name__, yanked=patch.yanked, reason=reason
        )
    elif patch.yanked_reason is not UNSET:
        raise BadRequest("yanked_reason needs yanked: true beside it")
    return _shown(seen_by(session), context)


def delete_file(context: FileResource, request: Request) -> Ready:
    """Delete a file, and its release if it was the last one."""
    confirmation = read_confirmation(request)
    deletions = Deletions(request.new_session(), actor(request), if_match(request))
    deleted = deletions.delete_file(
        *context.package.address,
        context.__name__,
        confirm=confirmation.confirm,
        reason=confirmation.reason,
    )
    return answer({"deleted": deleted._asdict()})


def _shown(connection: Connection, context: FileResource) -> Ready:
    package = context.package
    head = queries.package_head(connection, package.registry.row.id, package.__name__)
    return answer(queries.file_report(connection, head, context.__name__), head.etag)
