"""Changing what registries and teams decide for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar, cast

from sqlalchemy.orm import Session

from stockroom.feed import emit
from stockroom.manage.lookups import lock_registry, lock_team
from stockroom.manage.scopes import team_of
from stockroom.manage.texts import clean_reason, is_storable
from stockroom.models import Registry, Team
from stockroom.policies import (
    MIB,
    PolicyInvalid,
    Quotas,
    RegistryPolicy,
    TeamPolicy,
    changed,
    read_policy,
)
from stockroom.security.scopes import Scope
from stockroom.spi.settings import as_text, declared

P = TypeVar("P", bound=Quotas)


class SettingRow(NamedTuple):
    """One setting of a registry or a team; ``value`` is the one in force."""

    name: str
    value: str | int | bool | tuple[str, ...]
    default: str | int | bool | tuple[str, ...]
    help: str


def describe(policy: Quotas) -> list[SettingRow]:
    """Every setting of ``policy``, in the order of its declaration."""
    return [
        SettingRow(entry.name, getattr(policy, entry.name), cast(Any, entry.default), entry.help)
        for entry in declared(type(policy))
    ]


def quota_of(policy: Quotas) -> int | None:
    """The most that all files together may take, in bytes; None without a limit (U-72)."""
    return policy.max_total_mb * MIB or None


def package_quota_of(*policies: Quotas) -> int | None:
    """The most that the files of one package may take, in bytes; None without a limit (U-72)."""
    limits = [policy.max_package_mb for policy in policies if policy.max_package_mb]
    return min(limits) * MIB if limits else None


class Policies:
    """Sets settings in the transaction of ``session``; every node obeys from its next request on.

    Changes map names to texts as in an ini file; None and "" stand for the default. Both methods
    return what is in force then, and raise PolicyInvalid with everything that is wrong, and
    PreconditionFailed if the settings are none of those that ``if_match`` names.
    """

    def __init__(self, session: Session, actor: str, if_match: str | None = None) -> None:
        self._session = session
        self._actor = actor
        self._if_match = if_match

    def change_registry(
        self,
        workspace: str,
        name: str,
        changes: Mapping[str, str | None],
        reason: str | None = None,
    ) -> RegistryPolicy:
        """Change settings of a registry; raises NoSuchPlace if there is none of that name."""
        registry = lock_registry(self._session, workspace, name, self._if_match)
        return self._change(
            RegistryPolicy,
            registry,
            changes,
            kind="registry.changed",
            team_id=team_of(self._session, Scope("registry", registry.id)),
            registry_id=registry.id,
            workspace=workspace,
            name=name,
            reason=clean_reason(reason),
        )

    def change_team(
        self, name: str, changes: Mapping[str, str | None], reason: str | None = None
    ) -> TeamPolicy:
        """Change settings of a team; raises NoSuchPlace if there is none of that name."""
        team = lock_team(self._session, name, self._if_match)
        return self._change(
            TeamPolicy,
            team,
            changes,
            kind="team.changed",
            team_id=team.id,
            name=name,
            reason=clean_reason(reason),
        )

    def _change(
        self,
        policy: type[P],
        row: Registry | Team,
        changes: Mapping[str, str | None],
        *,
        kind: str,
        **data: Any,
    ) -> P:
        if not all(is_storable(value or "") for value in changes.values()):
            raise PolicyInvalid("a value must be text without the character NUL")
        before = row.settings
        after = changed(policy, before, changes)
        names = sorted(
            name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
        )
        if names:
            row.settings = after
            emit(
                self._session,
                kind,
                self._actor,
                before={name: before.get(name) for name in names},
                after={name: after.get(name) for name in names},
                **data,
            )
        return read_policy(policy, after)


def as_setting(value: str | int | bool | list[str] | None) -> str | None:
    """A JSON value as the text of a setting; None stays None, the default."""
    match value:
        case None:
            return None
        case list():
            return as_text(tuple(value))
    return as_text(value)
