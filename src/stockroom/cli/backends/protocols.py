"""What commands ask of a server, wherever it is; both kinds of servers answer with the same rows.

All methods raise what a person is told: a Problem or a Refusal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from stockroom.manage.reports.rows import (
        BurntReport,
        DeletedFiles,
        FileReport,
        PackageDocument,
        PackageSummary,
        PlanDocument,
        RegistryDocument,
        TeamDocument,
        UsageDocument,
    )

Address = tuple[str, str]
"""A registry: the names of its workspace and its own."""


class Packages(Protocol):
    """The packages of registries."""

    def find(self, registry: Address, *, part: str, status: str | None) -> Sequence[PackageSummary]:
        """Packages by name, whose normalised name contains ``part``."""
        ...

    def show(self, registry: Address, name: str) -> PackageDocument:
        """A package with its releases."""
        ...

    def files(self, registry: Address, name: str) -> Sequence[FileReport]:
        """All files of a package by name."""
        ...

    def set_status(self, registry: Address, name: str, status: str, reason: str | None) -> None:
        """Make a package active, archived, deprecated or quarantined."""
        ...

    def set_yanked(
        self, registry: Address, name: str, version: str, *, yanked: bool, reason: str | None
    ) -> int:
        """Yank or unyank a release; how many files that changed."""
        ...

    def set_file_yanked(
        self, registry: Address, name: str, filename: str, *, yanked: bool, reason: str | None
    ) -> int:
        """Yank or unyank a file; 1 if that changed anything, else 0."""
        ...

    def notes(self, registry: Address, name: str, version: str | None) -> str | None:
        """The notes on a package, or on one of its releases."""
        ...

    def set_notes(
        self, registry: Address, name: str, version: str | None, notes: str | None
    ) -> None:
        """Replace the notes on a package, or on one of its releases."""
        ...

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
        """Delete a file, else a release, else the whole package."""
        ...


class Registries(Protocol):
    """Registries as a whole."""

    def show(self, registry: Address) -> RegistryDocument:
        """What a registry holds, and its settings."""
        ...

    def set(
        self, registry: Address, changes: Mapping[str, str | None], reason: str | None
    ) -> RegistryDocument:
        """Change settings, given as texts; what is in force then."""
        ...

    def plan(self, registry: Address) -> PlanDocument:
        """What the retention rules would remove now."""
        ...

    def apply(self, registry: Address) -> PlanDocument:
        """Remove that."""
        ...

    def burnt(self, registry: Address, package: str) -> Sequence[BurntReport]:
        """Names of deleted files, of one package or ("") of all."""
        ...

    def unburn(self, registry: Address, filename: str) -> None:
        """Let a name be published again."""
        ...


class Teams(Protocol):
    """Teams."""

    def show(self, name: str) -> TeamDocument:
        """What a team holds, and its settings."""
        ...

    def usage(self, name: str) -> UsageDocument | None:
        """What a team holds; None for who may see its registries, but not the team."""
        ...

    def set(self, name: str, changes: Mapping[str, str | None], reason: str | None) -> TeamDocument:
        """Change settings, given as texts; what is in force then."""
        ...


class Backend(Protocol):
    """A server."""

    @property
    def packages(self) -> Packages:
        """Its packages."""
        ...

    @property
    def registries(self) -> Registries:
        """Its registries."""
        ...

    @property
    def teams(self) -> Teams:
        """Its teams."""
        ...
