"""What the API answers, and the command line prints as JSON, beyond rows of the database."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from msgspec.structs import asdict

from stockroom.manage.policies import describe, package_quota_of, quota_of
from stockroom.manage.reports.rows import PackageReport, Usage
from stockroom.manage.retention import Plan
from stockroom.policies import Quotas, RegistryPolicy, TeamPolicy


def registry_document(
    address: tuple[str, str], kind: str, team: str, policy: RegistryPolicy, usage: Usage
) -> dict[str, Any]:
    """A registry by workspace and name: what it holds against its quota, and its settings."""
    return {
        "workspace": address[0],
        "name": address[1],
        "kind": kind,
        "team": team,
        "usage": usage_document(usage, policy),
        "settings": settings_document(policy),
    }


def team_document(name: str, policy: TeamPolicy, usage: Usage) -> dict[str, Any]:
    """A team: what its registries hold together against its quota, and its settings."""
    return {
        "name": name,
        "usage": usage_document(usage, policy),
        "settings": settings_document(policy),
    }


def package_document(report: PackageReport, *policies: Quotas) -> dict[str, Any]:
    """A package: what its files take, against the quotas of its registry and its team."""
    return {**asdict(report), "max_size": package_quota_of(*policies)}


def settings_document(policy: Quotas) -> dict[str, Any]:
    """Every setting by its name: value in force, default, help."""
    return {
        row.name: {"value": row.value, "default": row.default, "help": row.help}
        for row in describe(policy)
    }


class PlannedRow(NamedTuple):
    """A release that a retention rule names."""

    package: str
    version: str
    rule: str
    reason: str
    files: int
    size: int
    created_at: datetime
    downloaded_at: date | None


def plan_rows(plan: Plan) -> list[PlannedRow]:
    """The releases of a retention plan, each with the rule and the reason."""
    return [
        PlannedRow(
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


def plan_document(plan: Plan) -> dict[str, Any]:
    """A retention plan; its digest is what to send back to have it applied."""
    return {
        "digest": plan.digest,
        "files": plan.files,
        "size": plan.size,
        "releases": [row._asdict() for row in plan_rows(plan)],
    }


def usage_document(usage: Usage, policy: Quotas) -> dict[str, Any]:
    """What is held, against the quota."""
    return {**asdict(usage), "max_size": quota_of(policy)}
