"""What the API answers, and the command line prints as JSON, beyond rows of the database."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import asdict

from stockroom.manage.policies import describe, package_quota_of, quota_of
from stockroom.manage.removal import Deleted
from stockroom.manage.reports.rows import PackageReport, Usage
from stockroom.manage.retention import Plan
from stockroom.policies import Quotas, RegistryPolicy, TeamPolicy


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


def registry_document(
    address: tuple[str, str], kind: str, team: str, policy: RegistryPolicy, usage: Usage
) -> RegistryDocument:
    """A registry by workspace and name."""
    settings = settings_document(policy)
    return RegistryDocument(*address, kind, team, usage_document(usage, policy), settings)


def team_document(name: str, policy: TeamPolicy, usage: Usage) -> TeamDocument:
    """A team by its name."""
    return TeamDocument(name, usage_document(usage, policy), settings_document(policy))


def package_document(report: PackageReport, *policies: Quotas) -> PackageDocument:
    """A package: what its files take, against the quotas of its registry and its team."""
    return PackageDocument(**asdict(report), max_size=package_quota_of(*policies))


def settings_document(policy: Quotas) -> dict[str, SettingDocument]:
    """Every setting by its name, in the order of the declaration."""
    return {
        row.name: SettingDocument(_plain(row.value), _plain(row.default), row.help)
        for row in describe(policy)
    }


def plan_document(plan: Plan) -> PlanDocument:
    """A retention plan with its releases, each with the rule and the reason."""
    releases = [
        PlannedRelease(
            release.package,
            release.version,
            rule,
            reason,
            release.files,
            release.size,
            release.created_at,
            release.downloaded_at.date() if release.downloaded_at else None,
        )
        for release, rule, reason in plan.expired
    ]
    return PlanDocument(plan.digest, plan.files, plan.size, releases)


def usage_document(usage: Usage, policy: Quotas) -> UsageDocument:
    """What is held, against the quota."""
    return UsageDocument(**asdict(usage), max_size=quota_of(policy))


def deletion_document(deleted: Deleted) -> DeletionDocument:
    """What went."""
    return DeletionDocument(DeletedFiles(list(deleted.files), deleted.size, deleted.burnt))


def _plain(value: str | int | bool | tuple[str, ...]) -> str | int | bool | list[str]:
    return list(value) if isinstance(value, tuple) else value
