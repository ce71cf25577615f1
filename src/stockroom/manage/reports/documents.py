"""Making what the API answers, and the command line prints as JSON, out of several things."""

from __future__ import annotations

from msgspec.structs import asdict

from stockroom.manage.policies import describe, package_quota_of, quota_of
from stockroom.manage.removal import Deleted
from stockroom.manage.reports.rows import (
    DeletedFiles,
    DeletionDocument,
    PackageDocument,
    PackageReport,
    PlanDocument,
    PlannedRelease,
    RegistryDocument,
    SettingDocument,
    TeamDocument,
    Usage,
    UsageDocument,
)
from stockroom.manage.retention import Plan
from stockroom.policies import Quotas, RegistryPolicy, TeamPolicy


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
