"""Removing what a registry's retention rules name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from stockroom.manage.lookups import lock_registry, releases_of
from stockroom.manage.problems import PlanStale
from stockroom.manage.removal import Removal
from stockroom.manage.reports import queries
from stockroom.manage.retention import Plan, make_plan
from stockroom.models import Package
from stockroom.policies import RegistryPolicy, read_policy


def plan_for(
    connection: Connection, registry_id: int, policy: RegistryPolicy, now: datetime
) -> Plan:
    """What would go now; nothing is changed."""
    return make_plan(policy, queries.release_facts(connection, registry_id), now)


class Retirement:
    """Applies retention rules in the transaction of ``session``."""

    def __init__(
        self,
        session: Session,
        actor: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session = session
        self._actor = actor
        self._clock = clock

    def apply(self, workspace: str, registry: str, digest: str | None = None) -> Plan:
        """Delete what the rules name now, and return that.

        With ``digest``, only if it is the plan of that digest, which somebody has looked at.

        :raises NoSuchPlace: there is no such registry.
        :raises PlanStale: other releases or files would go.
        """
        place = lock_registry(self._session, workspace, registry)
        policy = read_policy(RegistryPolicy, place.settings)
        now = self._clock()
        first = plan_for(self._session.connection(), place.id, policy, now)
        packages = self._lock(place.id, first)
        # Once more, now that nobody can publish to these packages or yank in them.
        plan = plan_for(self._session.connection(), place.id, policy, now)
        if plan.digest != (digest or first.digest):
            raise PlanStale(
                "something was published, downloaded or changed since this plan was made; look at "
                "the new one, then apply that",
                digest=plan.digest,
            )
        removal = Removal(self._session, self._actor, self._clock)
        doomed = {
            entry.release.release_id: f"retention, {entry.rule}: {entry.reason}"
            for entry in plan.expired
        }
        for package in packages.values():
            releases = releases_of(self._session, package)
            removal.drop_releases(
                package, [(row, doomed[row.id]) for row in releases if row.id in doomed]
            )
        return plan

    def _lock(self, registry_id: int, plan: Plan) -> dict[str, Package]:
        query = select(Package).where(Package.registry_id == registry_id).with_for_update()
        # One after the other by name, as everybody who needs several does.
        names = sorted({entry.release.package for entry in plan.expired})
        found = (
            self._session.execute(query.where(Package.name == name)).scalar_one_or_none()
            for name in names
        )
        return {package.name: package for package in found if package is not None}
