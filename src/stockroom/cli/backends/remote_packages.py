"""Packages of another server."""

from __future__ import annotations

from typing import Any

from stockroom.cli.backends.client import Answer, Client
from stockroom.cli.backends.protocols import Address
from stockroom.cli.backends.remote_places import Steps, at_registry
from stockroom.manage.reports.rows import (
    DeletedFiles,
    DeletionDocument,
    FileReport,
    PackageDocument,
    PackageSummary,
    ReleaseReport,
)


class RemotePackages:
    """Packages of the server that ``client`` speaks to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def find(self, registry: Address, *, part: str, status: str | None) -> list[PackageSummary]:
        """See Packages."""
        steps = (*at_registry(registry), "packages")
        found = self._client.rows(PackageSummary, "packages", *steps, q=part, status=status or "")
        return list(found)

    def show(self, registry: Address, name: str) -> PackageDocument:
        """See Packages."""
        return self._client.get(*_package(registry, name)).as_(PackageDocument)

    def files(self, registry: Address, name: str) -> list[FileReport]:
        """See Packages."""
        return list(self._client.rows(FileReport, "files", *_package(registry, name), "files"))

    def set_status(self, registry: Address, name: str, status: str, reason: str | None) -> None:
        """See Packages."""
        self._patch(*_package(registry, name), status=status, status_reason=reason)

    def set_yanked(
        self, registry: Address, name: str, version: str, *, yanked: bool, reason: str | None
    ) -> int:
        """See Packages."""
        steps = _release(registry, name, version)
        before = self._client.get(*steps)
        after = self._patch(*steps, if_match=before.etag, yanked=yanked, yanked_reason=reason).as_(
            ReleaseReport
        )
        return _differing(before.as_(ReleaseReport).files, after.files)

    def set_file_yanked(
        self, registry: Address, name: str, filename: str, *, yanked: bool, reason: str | None
    ) -> int:
        """See Packages."""
        steps = (*_package(registry, name), "files", filename)
        before = self._client.get(*steps)
        after = self._patch(*steps, if_match=before.etag, yanked=yanked, yanked_reason=reason).as_(
            FileReport
        )
        return _differing([before.as_(FileReport)], [after])

    def notes(self, registry: Address, name: str, version: str | None) -> str | None:
        """See Packages."""
        if version is None:
            return self.show(registry, name).notes
        return self._client.get(*_release(registry, name, version)).as_(ReleaseReport).notes

    def set_notes(
        self, registry: Address, name: str, version: str | None, notes: str | None
    ) -> None:
        """See Packages."""
        place = _package(registry, name)
        self._patch(*(place if version is None else _release(registry, name, version)), notes=notes)

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
        steps = _package(registry, name)
        if filename is not None:
            steps = (*steps, "files", filename)
        elif version is not None:
            steps = _release(registry, name, version)
        body = {"confirm": confirm, "reason": reason}
        return self._client.send("DELETE", *steps, body=body).as_(DeletionDocument).deleted

    def _patch(self, *steps: str, if_match: str | None = None, **changes: Any) -> Answer:
        return self._client.send("PATCH", *steps, body=changes, if_match=if_match)


def _package(registry: Address, name: str) -> Steps:
    return *at_registry(registry), "packages", name


def _release(registry: Address, name: str, version: str) -> Steps:
    return *_package(registry, name), "releases", version


def _differing(before: list[FileReport], after: list[FileReport]) -> int:
    """How many files are yanked in another way than before."""
    marked = {file.filename: (file.yanked, file.yanked_reason) for file in before}
    return sum(marked.get(file.filename) != (file.yanked, file.yanked_reason) for file in after)
