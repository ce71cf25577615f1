"""A registry: its settings and use, its retention."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from stockroom.manage.api.calling import actor, read, seen_by
from stockroom.manage.api.operations import Tagged, outcome
from stockroom.manage.closing import Closing
from stockroom.manage.policies import Policies, as_setting
from stockroom.manage.preconditions import settings_tag
from stockroom.manage.problems import NotEmpty, PlanStale
from stockroom.manage.reports.documents import plan_document, registry_document
from stockroom.manage.reports.rows import PlanDocument, RegistryDocument, Usage
from stockroom.manage.retirement import Retirement, plan_for
from stockroom.manage.usage import queries
from stockroom.policies import RegistryPolicy
from stockroom.resources import RegistryResource
from stockroom.web import Request


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


def show_registry(context: RegistryResource, request: Request) -> Tagged[RegistryDocument]:
    """Show the settings with their defaults, and what the registry holds."""
    row = context.row
    with read(request) as connection:
        usage = queries.registry_usage(connection, row.id)
    return _tagged(context, row.policy, usage)


def change_registry(
    context: RegistryResource, request: Request, body: SettingsPatch, if_match: str | None
) -> Tagged[RegistryDocument]:
    """Change settings; all of them or, if one is wrong, none."""
    row, session = context.row, request.new_session()
    policy = Policies(session, actor(request), if_match).change_registry(
        *context.address, body.changes(), body.reason
    )
    usage = queries.registry_usage(seen_by(session), row.id)
    return _tagged(context, policy, usage)


@outcome(NotEmpty)
def delete_registry(context: RegistryResource, request: Request, if_match: str | None) -> None:
    """Delete a registry without packages, with the view of its name and its burnt filenames."""
    closing = Closing(request.new_session(), actor(request), if_match)
    closing.delete_registry(*context.address)


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


def _tagged(
    context: RegistryResource, policy: RegistryPolicy, usage: Usage
) -> Tagged[RegistryDocument]:
    row = context.row
    document = registry_document(context.address, row.kind, row.team.name, policy, usage)
    return Tagged(document, settings_tag(row.id, policy))
