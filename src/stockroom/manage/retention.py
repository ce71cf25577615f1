"""Which releases a registry's retention rules would remove: rules over rows, no database.

The rules are settings of the registry (``stockroom.policies``):

- ``keep_newest``: the newest by PEP 440 stay. A final release goes when so many newer *final* ones
  exist, a pre-release or dev release when so many newer ones of any kind do: no final release is
  ever pushed out by pre-releases. A release that is yanked as a whole pushes nobody out.
- ``drop_prereleases_after_days``: pre-releases and dev releases go at that age, counted from their
  first file.
- ``drop_only_idle_days``: what was downloaded or published to within these days stays, whatever
  the other two say.

A quarantined package is left alone: it is evidence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from packaging.version import Version

from stockroom.policies import RegistryPolicy


class ReleaseFacts(NamedTuple):
    """What the rules ask about a release; ``size`` in bytes."""

    release_id: int
    package: str
    """Normalised name."""
    status: str
    """Of the package."""
    version: str
    created_at: datetime
    """Time of its first file."""
    published_at: datetime
    """Time of its last file."""
    downloaded_at: datetime | None
    """Last download, to the day."""
    yanked: bool
    """Whether all its files are."""
    files: int
    size: int


class Expired(NamedTuple):
    """A release that a rule would remove, and why."""

    release: ReleaseFacts
    rule: str
    """The setting's name."""
    reason: str
    """A sentence without its full stop."""


class Plan(NamedTuple):
    """What would go, in the order of package and version."""

    expired: tuple[Expired, ...]

    @property
    def size(self) -> int:
        """Bytes that the files take."""
        return sum(entry.release.size for entry in self.expired)

    @property
    def files(self) -> int:
        """How many files."""
        return sum(entry.release.files for entry in self.expired)

    @property
    def digest(self) -> str:
        """Names this plan: another set of releases, or other files in them, have another one."""
        rows = [(entry.release.release_id, *entry.release[-2:]) for entry in self.expired]
        return hashlib.sha256(repr(sorted(rows)).encode()).hexdigest()[:32]


def make_plan(policy: RegistryPolicy, releases: Iterable[ReleaseFacts], now: datetime) -> Plan:
    """Apply the rules of ``policy`` to the releases of a registry."""
    expired: list[Expired] = []
    for _, group in groupby(
        sorted(releases, key=lambda release: release.package), key=lambda release: release.package
    ):
        expired += _of_package(policy, list(group), now)
    return Plan(tuple(expired))


def _of_package(
    policy: RegistryPolicy, releases: Sequence[ReleaseFacts], now: datetime
) -> list[Expired]:
    ordered = sorted(releases, key=lambda release: Version(release.version), reverse=True)
    newer = newer_finals = 0
    expired = []
    for release in ordered:
        is_final = not Version(release.version).is_prerelease
        rivals = newer_finals if is_final else newer
        if not _is_protected(policy, release, now):
            found = _too_many(policy, release, rivals) or _too_old(policy, release, is_final, now)
            if found:
                expired.append(found)
        if not release.yanked:
            newer += 1
            newer_finals += is_final
    return expired[::-1]


def _is_protected(policy: RegistryPolicy, release: ReleaseFacts, now: datetime) -> bool:
    if release.status == "quarantined":
        return True
    if not policy.drop_only_idle_days:
        return False
    last = max(release.published_at, release.downloaded_at or release.published_at)
    # Downloads are known to the day only: the whole day counts.
    return now.date() - last.date() <= timedelta(days=policy.drop_only_idle_days)


def _too_many(policy: RegistryPolicy, release: ReleaseFacts, rivals: int) -> Expired | None:
    if not policy.keep_newest or rivals < policy.keep_newest:
        return None
    return Expired(release, "keep_newest", f"it is not among the newest {policy.keep_newest}")


def _too_old(
    policy: RegistryPolicy, release: ReleaseFacts, is_final: bool, now: datetime
) -> Expired | None:
    days = policy.drop_prereleases_after_days
    age = (now - release.created_at).days
    if is_final or not days or age < days:
        return None
    return Expired(release, "drop_prereleases_after_days", f"it is a pre-release {age} days old")
