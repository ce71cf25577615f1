"""A registry: its settings and use, its audit trail, its retention."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta, Struct

from stockroom.manage.api.answers import page
from stockroom.manage.api.calling import actor, read, seen_by
from stockroom.manage.api.operations import outcome
from stockroom.manage.api.parameters import DEFAULT_LIMIT, AfterId, Limit
from stockroom.manage.policies import Policies, as_setting
from stockroom.manage.problems import PlanStale
from stockroom.manage.reports import queries as reports
from stockroom.manage.reports.documents import (
    PlanDocument,
    RegistryDocument,
    plan_document,
    registry_document,
)
from stockroom.manage.reports.rows import EventReport
from stockroom.manage.retirement import Retirement, plan_for
from stockroom.manage.usage import queries
from stockroom.resources import RegistryResource
from stockroom.web import Request


class SettingsPatch(Struct, forbid_unknown_fields=True):
    """Settings by name; null puts one back to its default."""

    settings: dict[str, str | int | bool | list[str] | None]
    reason: str | None = None

    def changes(self) -> dict[str, str | None]:
        """The settings as texts."""
        return {name: as_setting(value) for name, value in self.settings.items()}


class EventQuery(Struct):
    """Which events."""

    limit: Limit = DEFAULT_LIMIT
    after: AfterId | None = None
    package: Annotated[str, Meta(description="Only events of this package.")] = ""
    kind: Annotated[
        str, Meta(description="A whole kind, such as `release.yanked`, or what is before its dot.")
    ] = ""


class EventPage(Struct):
    """Events, the newest first."""

    events: list[EventReport]
    next: int | None


class Approval(Struct, forbid_unknown_fields=True):
    """Names the plan that somebody has looked at."""

    digest: str


def show_registry(context: RegistryResource, request: Request) -> RegistryDocument:
    """Show the settings with their defaults, and what the registry holds."""
    row = context.row
    with read(request) as connection:
        usage = queries.registry_usage(connection, row.id)
    return registry_document(context.address, row.kind, row.team.name, row.policy, usage)


def change_registry(
    context: RegistryResource, request: Request, body: SettingsPatch
) -> RegistryDocument:
    """Change settings; all of them or, if one is wrong, none."""
    row, session = context.row, request.new_session()
    policy = Policies(session, actor(request)).change_registry(
        *context.address, body.changes(), body.reason
    )
    usage = queries.registry_usage(seen_by(session), row.id)
    return registry_document(context.address, row.kind, row.team.name, policy, usage)


def list_events(context: RegistryResource, request: Request, query: EventQuery) -> EventPage:
    """List who changed what, the newest first."""
    with read(request) as connection:
        rows = reports.event_page(
            connection,
            context.row.id,
            limit=query.limit + 1,
            after=query.after,
            package=query.package,
            kind=query.kind,
        )
    return page(EventPage, rows, query.limit, "id")


def show_retention(context: RegistryResource, request: Request) -> PlanDocument:
    """Show what the retention rules would remove now."""
    with read(request) as connection:
        plan = plan_for(connection, context.row.id, context.row.policy, datetime.now(UTC))
    return plan_document(plan)


@outcome(PlanStale)
def apply_retention(context: RegistryResource, request: Request, body: Approval) -> PlanDocument:
    """Remove what the plan names, unless another one would be made now."""
    retirement = Retirement(request.new_session(), actor(request))
    return plan_document(retirement.apply(*context.address, body.digest))
