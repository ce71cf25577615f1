"""Packages of a registry: list, look, change, delete."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection

from stockroom.bodies import read_body
from stockroom.errors import BadRequest
from stockroom.manage.api.answers import answer, page
from stockroom.manage.api.calling import actor, if_match, read, seen_by
from stockroom.manage.api.confirming import read_confirmation
from stockroom.manage.api.parameters import Parameters
from stockroom.manage.deletions import Deletions
from stockroom.manage.packages import STATUSES, Packages
from stockroom.manage.reports import queries
from stockroom.manage.reports.documents import package_document
from stockroom.resources import PackageResource, RegistryResource
from stockroom.web import Ready, Request


class PackagePatch(Struct, forbid_unknown_fields=True):
    """What can be changed about a package."""

    status: Literal["active", "archived", "deprecated", "quarantined"] | UnsetType = UNSET
    status_reason: str | UnsetType | None = UNSET
    notes: str | UnsetType | None = UNSET


def list_packages(context: RegistryResource, request: Request) -> Ready:
    """The packages by name; ``q`` is a part of the name."""
    given = Parameters(request, "limit", "after", "q", "status")
    limit = given.limit()
    with read(request) as connection:
        rows = queries.package_page(
            connection,
            context.row.id,
            limit=limit + 1,
            after=given.text("after"),
            part=given.text("q"),
            status=given.choice("status", *STATUSES),
        )
    return page("packages", rows, limit, "name")


def show_package(context: PackageResource, request: Request) -> Ready:
    """A package with its releases."""
    with read(request) as connection:
        return _shown(connection, context)


def change_package(context: PackageResource, request: Request) -> Ready:
    """Set status and notes."""
    patch = read_body(request, PackagePatch)
    session = request.new_session()
    packages = Packages(session, actor(request), if_match(request))
    if patch.status is not UNSET:
        reason = None if patch.status_reason is UNSET else patch.status_reason
        packages.set_status(*context.address, patch.status, reason)
    elif patch.status_reason is not UNSET:
        raise BadRequest("status_reason needs the status that it is the reason of")
    if patch.notes is not UNSET:
        packages.set_notes(*context.address, patch.notes)
    return _shown(seen_by(session), context)


def delete_package(context: PackageResource, request: Request) -> Ready:
    """Delete a package with everything in it."""
    confirmation = read_confirmation(request)
    deletions = Deletions(request.new_session(), actor(request), if_match(request))
    deleted = deletions.delete_package(
        *context.address, confirm=confirmation.confirm, reason=confirmation.reason
    )
    return answer({"deleted": deleted._asdict()})


def _shown(connection: Connection, context: PackageResource) -> Ready:
    row = context.registry.row
    head = queries.package_head(connection, row.id, context.__name__)
    report = queries.package_report(connection, head)
    return answer(package_document(report, row.policy, row.team.policy), head.etag)
