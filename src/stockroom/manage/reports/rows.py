"""What is seen, field by field as in the API's JSON; sizes in bytes, instants in UTC.

This is what the API answers, and what a remote command line reads: it imports nothing else.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from msgspec import Struct


class TeamRow(Struct, frozen=True):
    """A team."""

    name: str
    workspaces: int
    created_at: datetime


class WorkspaceRow(Struct, frozen=True):
    """A workspace."""

    name: str
    team: str
    visibility: str
    registries: int
    created_at: datetime


class RegistryRow(Struct, frozen=True):
    """A registry, its size and its quota in bytes; None without a quota (U-72)."""

    registry: str
    kind: str
    packages: int
    files: int
    size: int
    quota: int | None
    created_at: datetime


class KeyRow(Struct, frozen=True):
    """An API key and a role of its owner; None where something does not apply."""

    id: int
    name: str
    hint: str
    owner: str
    access: str
    role: str | None
    scope: str | None
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


class PackageSummary(Struct, frozen=True):
    """A package in a list."""

    name: str
    display_name: str
    status: str
    releases: int
    files: int
    size: int
    serial: int
    created_at: datetime


class ReleaseSummary(Struct, frozen=True):
    """A release in a list; ``yanked`` if all its files are."""

    version: str
    created_at: datetime
    yanked: bool
    files: int
    size: int
    notes: str | None


class PackageReport(Struct, frozen=True):
    """A package; its releases in ascending order of their versions."""

    name: str
    display_name: str
    status: str
    status_reason: str | None
    notes: str | None
    size: int
    serial: int
    created_at: datetime
    releases: list[ReleaseSummary]


class FileReport(Struct, frozen=True):
    """A file; ``downloaded_at`` is the day of the last download, None when there was none."""

    filename: str
    version: str
    kind: str
    size: int
    sha256: str
    requires_python: str | None
    yanked: bool
    yanked_reason: str | None
    uploaded_at: datetime
    uploaded_by: str
    downloaded_at: date | None
    warnings: list[Any]


class ReleaseReport(Struct, frozen=True):
    """A release with its files by name; ``yanked`` if all of them are."""

    package: str
    version: str
    created_at: datetime
    notes: str | None
    yanked: bool
    size: int
    files: list[FileReport]


class BurntReport(Struct, frozen=True):
    """A filename that cannot be used again, with the digest of the bytes that it had."""

    filename: str
    package: str
    sha256: str
    deleted_at: datetime
    deleted_by: str


class EventReport(Struct, frozen=True):
    """One change: who did what, when, from what to what, and why.

    ``subject`` is whose account, roles or credential it is about.
    """

    id: int
    at: datetime
    kind: str
    actor: str
    credential: str | None
    address: str | None
    team_id: int | None
    registry_id: int | None
    package: str | None
    subject: str | None
    data: dict[str, Any]


class Usage(Struct, frozen=True):
    """What a registry, or all registries of a team together, hold."""

    packages: int
    files: int
    size: int


class UsageDocument(Usage, frozen=True):
    """What a registry or a team holds, and the most that it may; None without a quota (U-72)."""

    max_size: int | None


class SettingDocument(Struct, frozen=True):
    """One setting: the value in force, the default, what it is for."""

    value: str | int | bool | list[str]
    default: str | int | bool | list[str]
    help: str


class RegistryDocument(Struct, frozen=True):
    """A registry: what it holds against its quota, and its settings by name."""

    workspace: str
    name: str
    kind: str
    team: str
    usage: UsageDocument
    settings: dict[str, SettingDocument]


class TeamDocument(Struct, frozen=True):
    """A team: what its registries hold together against its quota, and its settings by name."""

    name: str
    usage: UsageDocument
    settings: dict[str, SettingDocument]


class PackageDocument(PackageReport, frozen=True):
    """A package with its releases; ``max_size`` is the most that its files may take."""

    max_size: int | None


class PlannedRelease(Struct, frozen=True):
    """A release that a retention rule names."""

    package: str
    version: str
    rule: str
    reason: str
    files: int
    size: int
    created_at: datetime
    downloaded_at: date | None


class PlanDocument(Struct, frozen=True):
    """A retention plan; its digest is what to send back to have it applied."""

    digest: str
    files: int
    size: int
    releases: list[PlannedRelease]


class DeletedFiles(Struct, frozen=True):
    """What went: the names of the files, their size, whether the names are burnt now (U-75)."""

    files: list[str]
    size: int
    burnt: bool


class DeletionDocument(Struct, frozen=True):
    """What a deletion removed."""

    deleted: DeletedFiles
