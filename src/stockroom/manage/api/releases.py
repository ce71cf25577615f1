"""Releases of a package: look, yank, write notes, delete."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from stockroom.bodies import read_body
from stockroom.errors import BadRequest
from stockroom.manage.api.answers import answer
from stockroom.manage.api.calling import actor, if_match, need, read, seen_by
from stockroom.manage.api.confirming import read_confirmation
from stockroom.manage.deletions import Deletions
from stockroom.manage.packages import Packages
from stockroom.manage.reports import queries
from stockroom.resources import ReleaseResource
from stockroom.security.permissions import Permission
from stockroom.web import Ready, Request


class ReleasePatch(Struct, forbid_unknown_fields=True):
    """What can be changed about a release."""

    yanked: bool | UnsetType = UNSET
    yanked_reason: str | UnsetType | None = UNSET
    notes: str | UnsetType | None = UNSET


def show_release(context: ReleaseResource, request: Request) -> Ready:
    """A release with its files."""
    with read(request) as connection:
        return _shown(connection, context)


def change_release(context: ReleaseResource, request: Request) -> Ready:
    """Yank or unyank all files; set the notes, which takes the permission for notes."""
    patch = read_body(request, ReleasePatch)
    session = request.new_session()
    packages = Packages(session, actor(request), if_match(request))
    address = (*context.package.address, context.__name__)
    if patch.yanked is not UNSET:
        reason = None if patch.yanked_reason is UNSET else patch.yanked_reason
        packages.set_yanked(*address, yanked=patch.yanked, reason=reason)
    elif patch.yanked_reason is not UNSET:
        raise BadRequest("yanked_reason needs yanked: true beside it")
    if patch.notes is not UNSET:
        need(request, Permission.PACKAGE_CHANGE)
        packages.set_release_notes(*address, patch.notes)
    return _shown(seen_by(session), context)


def delete_release(context: ReleaseResource, request: Request) -> Ready:
    """Delete a release with its files."""
    confirmation = read_confirmation(request)
    deletions = Deletions(request.new_session(), actor(request), if_match(request))
    deleted = deletions.delete_release(
        *context.package.address,
        context.__name__,
        confirm=confirmation.confirm,
        reason=confirmation.reason,
    )
    return answer({"deleted": deleted._asdict()})


def _shown(connection: Connection, context: ReleaseResource) -> Ready:
    package = context.package
    head = queries.package_head(connection, package.registry.row.id, package.__name__)
    return answer(queries.release_report(connection, head, context.__name__), head.etag)
