"""Packages of the server on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockroom.cli.site import ACTOR, Site
from stockroom.manage.deletions import Deletions
from stockroom.manage.packages import Packages
from stockroom.manage.reports import queries
from stockroom.manage.reports.documents import deletion_document, package_document
from stockroom.manage.usage.queries import find_place

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from stockroom.cli.backends.protocols import Address
    from stockroom.manage.reports.rows import (
        DeletedFiles,
        FileReport,
        PackageDocument,
        PackageSummary,
    )


class LocalPackages:
    """Packages in the database of ``site``."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def find(self, registry: Address, *, part: str, status: str | None) -> list[PackageSummary]:
        """See Packages."""
        with self._site.read() as connection:
            place = find_place(connection, *registry)
            return queries.package_page(connection, place.id, part=part, status=status)

    def show(self, registry: Address, name: str) -> PackageDocument:
        """See Packages."""
        with self._site.read() as connection:
            place = find_place(connection, *registry)
            head = queries.package_head(connection, place.id, name)
            report = queries.package_report(connection, head)
        return package_document(report, place.policy, place.team_policy)

    def files(self, registry: Address, name: str) -> list[FileReport]:
        """See Packages."""
        with self._site.read() as connection:
            return queries.package_files(connection, _head(connection, registry, name))

    def set_status(self, registry: Address, name: str, status: str, reason: str | None) -> None:
        """See Packages."""
        with self._site.write() as session:
            Packages(session, ACTOR).set_status(*registry, name, status, reason)

    def set_yanked(
        self, registry: Address, name: str, version: str, *, yanked: bool, reason: str | None
    ) -> int:
        """See Packages."""
        with self._site.write() as session:
            return Packages(session, ACTOR).set_yanked(
                *registry, name, version, yanked=yanked, reason=reason
            )

    def set_file_yanked(
        self, registry: Address, name: str, filename: str, *, yanked: bool, reason: str | None
    ) -> int:
        """See Packages."""
        with self._site.write() as session:
            return Packages(session, ACTOR).set_file_yanked(
                *registry, name, filename, yanked=yanked, reason=reason
            )

    def notes(self, registry: Address, name: str, version: str | None) -> str | None:
        """See Packages."""
        with self._site.read() as connection:
            head = _head(connection, registry, name)
            if version is None:
                return head.notes
            return queries.release_report(connection, head, version).notes

    def set_notes(
        self, registry: Address, name: str, version: str | None, notes: str | None
    ) -> None:
        """See Packages."""
        with self._site.write() as session:
            packages = Packages(session, ACTOR)
            if version is None:
                packages.set_notes(*registry, name, notes)
            else:
                packages.set_release_notes(*registry, name, version, notes)

    def delete(
        self,
        registry: Address,
        name: str,
        *,
        version: str | None,
        filename: str | None,
        confirm: str,
        reason: str | None,
    ) -> DeletedFiles:
        """See Packages."""
        address = (*registry, name)
        with self._site.write() as session:
            deletions = Deletions(session, ACTOR)
            if filename is not None:
                deleted = deletions.delete_file(*address, filename, confirm=confirm, reason=reason)
            elif version is not None:
                deleted = deletions.delete_release(
                    *address, version, confirm=confirm, reason=reason
                )
            else:
                deleted = deletions.delete_package(*address, confirm=confirm, reason=reason)
        return deletion_document(deleted).deleted


def _head(connection: Connection, registry: Address, name: str) -> queries.PackageHead:
    return queries.package_head(connection, find_place(connection, *registry).id, name)
