"""A registry: its settings and use, its audit trail, its retention."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from stockroom.bodies import read_body
from stockroom.manage.api.answers import answer, page
from stockroom.manage.api.calling import actor, read, seen_by
from stockroom.manage.api.parameters import Parameters
from stockroom.manage.policies import Policies, as_setting
from stockroom.manage.reports import queries as reports
from stockroom.manage.reports.documents import plan_document, registry_document
from stockroom.manage.retirement import Retirement, plan_for
from stockroom.manage.usage import queries
from stockroom.resources import RegistryResource
from stockroom.web import Ready, Request


class SettingsPatch(Struct, forbid_unknown_fields=True):
    """Settings by name; null puts one back to its default."""

    settings: dict[str, str | int | bool | list[str] | None]
    reason: str | None = None

    def changes(self) -> dict[str, str | None]:
        """The settings as texts."""
        return {name: as_setting(value) for name, value in self.settings.items()}


class Approval(Struct, forbid_unknown_fields=True):
    """Names the plan that somebody has looked at."""

    digest: str


def show_registry(context: RegistryResource, request: Request) -> Ready:
    """Settings with their defaults, and what the registry holds."""
    row = context.row
    with read(request) as connection:
        usage = queries.registry_usage(connection, row.id)
    return answer(registry_document(context.address, row.kind, row.team.name, row.policy, usage))


def change_registry(context: RegistryResource, request: Request) -> Ready:
    """Change settings; all of them or, if one is wrong, none."""
    patch = read_body(request, SettingsPatch)
    row, session = context.row, request.new_session()
    policy = Policies(session, actor(request)).change_registry(
        *context.address, patch.changes(), patch.reason
    )
    usage = queries.registry_usage(seen_by(session), row.id)
    return answer(registry_document(context.address, row.kind, row.team.name, policy, usage))


def list_events(context: RegistryResource, request: Request) -> Ready:
    """Who changed what, the newest first."""
    given = Parameters(request, "limit", "after", "package", "kind")
    limit = given.limit()
    with read(request) as connection:
        rows = reports.event_page(
            connection,
            context.row.id,
            limit=limit + 1,
            after=given.number("after"),
            package=given.text("package"),
            kind=given.text("kind"),
        )
    return page("events", rows, limit, "id")


def show_retention(context: RegistryResource, request: Request) -> Ready:
    """What the retention rules would remove now."""
    with read(request) as connection:
        plan = plan_for(connection, context.row.id, context.row.policy, datetime.now(UTC))
    return answer(plan_document(plan))


def apply_retention(context: RegistryResource, request: Request) -> Ready:
    """Remove what the plan names, unless another one would be made now."""
    approval = read_body(request, Approval)
    retirement = Retirement(request.new_session(), actor(request))
    return answer(plan_document(retirement.apply(*context.address, approval.digest)))
