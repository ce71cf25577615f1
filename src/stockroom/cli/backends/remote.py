"""Another server, by its API."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any

from stockroom.cli.backends.client import Answer, Client, ServerRefusal
from stockroom.cli.backends.protocols import Address
from stockroom.manage.reports.rows import (
    BurntReport,
    DeletedFiles,
    DeletionDocument,
    FileReport,
    PackageDocument,
    PackageSummary,
    PlanDocument,
    RegistryDocument,
    ReleaseReport,
    TeamDocument,
    UsageDocument,
)


class RemotePackages:
    """Packages of the server that ``client`` speaks to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def find(self, registry: Address, *, part: str, status: str | None) -> list[PackageSummary]:
        """See Packages."""
        steps = (*_registry(registry), "packages")
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


class RemoteRegistries:
    """Registries of the server that ``client`` speaks to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def show(self, registry: Address) -> RegistryDocument:
        """See Registries."""
        return self._client.get(*_registry(registry)).as_(RegistryDocument)

    def set(
        self, registry: Address, changes: Mapping[str, str | None], reason: str | None
    ) -> RegistryDocument:
        """See Registries."""
        body = {"settings": changes, "reason": reason}
        return self._client.send("PATCH", *_registry(registry), body=body).as_(RegistryDocument)

    def plan(self, registry: Address) -> PlanDocument:
        """See Registries."""
        return self._client.get(*_registry(registry), "retention").as_(PlanDocument)

    def apply(self, registry: Address) -> PlanDocument:
        """See Registries."""
        body = {"digest": self.plan(registry).digest}
        steps = (*_registry(registry), "retention")
        return self._client.send("POST", *steps, body=body).as_(PlanDocument)

    def burnt(self, registry: Address, package: str) -> list[BurntReport]:
        """See Registries."""
        steps = (*_registry(registry), "burnt-filenames")
        return list(self._client.rows(BurntReport, "burnt_filenames", *steps, package=package))

    def unburn(self, registry: Address, filename: str) -> None:
        """See Registries."""
        self._client.send("DELETE", *_registry(registry), "burnt-filenames", filename)


class RemoteTeams:
    """Teams of the server that ``client`` speaks to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def show(self, name: str) -> TeamDocument:
        """See Teams."""
        return self._client.get("teams", name).as_(TeamDocument)

    def usage(self, name: str) -> UsageDocument | None:
        """See Teams."""
        try:
            return self.show(name).usage
        except ServerRefusal as refusal:
            if refusal.status not in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
                raise
            return None

    def set(self, name: str, changes: Mapping[str, str | None], reason: str | None) -> TeamDocument:
        """See Teams."""
        body = {"settings": changes, "reason": reason}
        return self._client.send("PATCH", "teams", name, body=body).as_(TeamDocument)


class RemoteBackend:
    """The server that ``client`` speaks to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @cached_property
    def packages(self) -> RemotePackages:
        """Its packages."""
        return RemotePackages(self._client)

    @cached_property
    def registries(self) -> RemoteRegistries:
        """Its registries."""
        return RemoteRegistries(self._client)

    @cached_property
    def teams(self) -> RemoteTeams:
        """Its teams."""
        return RemoteTeams(self._client)


def _registry(registry: Address) -> tuple[str, ...]:
    workspace, name = registry
    return "workspaces", workspace, "registries", name


def _package(registry: Address, name: str) -> tuple[str, ...]:
    return *_registry(registry), "packages", name


def _release(registry: Address, name: str, version: str) -> tuple[str, ...]:
    return *_package(registry, name), "releases", version


def _differing(before: list[FileReport], after: list[FileReport]) -> int:
    """How many files are yanked in another way than before."""
    marked = {file.filename: (file.yanked, file.yanked_reason) for file in before}
    return sum(marked.get(file.filename) != (file.yanked, file.yanked_reason) for file in after)
