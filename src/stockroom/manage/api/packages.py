"""Packages of a registry: list, look, change, delete."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
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
from stockroom.manage.reports.documents import deletion_document, package_document
from stockroom.manage.reports.rows import DeletionDocument, PackageDocument, PackageSummary
from stockroom.resources import PackageResource, RegistryResource
from stockroom.web import Request

Status = Literal["active", "archived", "deprecated", "quarantined"]


class PackagePatch(Struct, forbid_unknown_fields=True):
    """What can be changed about a package."""

    status: Status | UnsetType = UNSET
    status_reason: str | UnsetType | None = UNSET
    notes: str | UnsetType | None = UNSET


class PackageQuery(Paging):
    """Which packages."""

    q: Annotated[str, Meta(description="A part of the name.")] = ""
    status: Annotated[Status | None, Meta(description="Only packages of this status.")] = None


class PackagePage(Struct):
    """Packages by name."""

    packages: list[PackageSummary]
    next: str | None


def list_packages(context: RegistryResource, request: Request, query: PackageQuery) -> PackagePage:
    """List the packages by name."""
    with read(request) as connection:
        rows = queries.package_page(
            connection,
            context.row.id,
            limit=query.limit + 1,
            after=query.after,
            part=query.q,
            status=query.status,
        )
    return page(PackagePage, rows, query.limit, "name")


def show_package(context: PackageResource, request: Request) -> Tagged[PackageDocument]:
    """Show a package with its releases."""
    with read(request) as connection:
        return _shown(connection, context)


def change_package(
    context: PackageResource, request: Request, body: PackagePatch, if_match: str | None
) -> Tagged[PackageDocument]:
    """Set status and notes."""
    session = request.new_session()
    packages = Packages(session, actor(request), if_match)
    if body.status is not UNSET:
        reason = None if body.status_reason is UNSET else body.status_reason
        packages.set_status(*context.address, body.status, reason)
    elif body.status_reason is not UNSET:
        raise BadRequest("status_reason needs the status that it is the reason of")
    if body.notes is not UNSET:
        packages.set_notes(*context.address, body.notes)
    return _shown(seen_by(session), context)


def delete_package(
    context: PackageResource,
    request: Request,
    query: ConfirmationQuery,
    body: Confirmation | None,
    if_match: str | None,
) -> DeletionDocument:
    """Delete a package with everything in it."""
    confirmation = confirmation_of(query, body)
    deletions = Deletions(request.new_session(), actor(request), if_match)
    deleted = deletions.delete_package(
        *context.address, confirm=confirmation.confirm, reason=confirmation.reason
    )
    return deletion_document(deleted)


def _shown(connection: Connection, context: PackageResource) -> Tagged[PackageDocument]:
    row = context.registry.row
    head = queries.package_head(connection, row.id, context.__name__)
    report = queries.package_report(connection, head)
    return Tagged(package_document(report, row.policy, row.team.policy), head.etag)
