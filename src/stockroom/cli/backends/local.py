"""The server on this machine: its database, whether it is running or not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from stockroom.cli.backends.local_packages import LocalPackages
from stockroom.cli.backends.local_people import LocalPeople
from stockroom.cli.backends.local_questions import LocalQuestions
from stockroom.cli.backends.local_views import LocalViews
from stockroom.cli.site import ACTOR, Site
from stockroom.manage import queries as listings
from stockroom.manage.burnt import BurntFilenames
from stockroom.manage.keys import Keys
from stockroom.manage.places import Places
from stockroom.manage.policies import Policies
from stockroom.manage.reports import queries
from stockroom.manage.reports.documents import (
    plan_document,
    registry_document,
    team_document,
)
from stockroom.manage.retirement import Retirement, plan_for
from stockroom.manage.usage.queries import find_place, find_team, registry_usage, team_usage

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from stockroom.cli.backends.protocols import Address
    from stockroom.manage.reports.rows import (
        BurntReport,
        KeyRow,
        PlanDocument,
        RegistryDocument,
        RegistryRow,
        TeamDocument,
        TeamRow,
        UsageDocument,
        WorkspaceRow,
    )


class LocalRegistries:
    """Registries in the database of ``site``."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def create(self, registry: Address) -> None:
        """See Registries."""
        with self._site.write() as session:
            Places(session, ACTOR).create_registry(*registry)

    def find(self) -> list[RegistryRow]:
        """See Registries."""
        with self._site.read() as connection:
            return listings.registries(connection)

    def show(self, registry: Address) -> RegistryDocument:
        """See Registries."""
        with self._site.read() as connection:
            return _registry(connection, registry)

    def set(
        self, registry: Address, changes: Mapping[str, str | None], reason: str | None
    ) -> RegistryDocument:
        """See Registries."""
        with self._site.write() as session:
            Policies(session, ACTOR).change_registry(*registry, changes, reason)
            session.flush()
            return _registry(session.connection(), registry)

    def plan(self, registry: Address) -> PlanDocument:
        """See Registries."""
        with self._site.read() as connection:
            place = find_place(connection, *registry)
            plan = plan_for(connection, place.id, place.policy, datetime.now(UTC))
        return plan_document(plan)

    def apply(self, registry: Address) -> PlanDocument:
        """See Registries."""
        with self._site.write() as session:
            return plan_document(Retirement(session, ACTOR).apply(*registry))

    def burnt(self, registry: Address, package: str) -> list[BurntReport]:
        """See Registries."""
        with self._site.read() as connection:
            place = find_place(connection, *registry)
            return queries.burnt_page(connection, place.id, package=package)

    def unburn(self, registry: Address, filename: str) -> None:
        """See Registries."""
        with self._site.write() as session:
            BurntFilenames(session, ACTOR).lift(*registry, filename)


class LocalWorkspaces:
    """Workspaces in the database of ``site``."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def create(self, name: str, visibility: str, team: str | None) -> None:
        """See Workspaces."""
        with self._site.write() as session:
            Places(session, ACTOR).create_workspace(name, visibility=visibility, team=team)

    def find(self) -> list[WorkspaceRow]:
        """See Workspaces."""
        with self._site.read() as connection:
            return listings.workspaces(connection)

    def set_visibility(self, name: str, visibility: str) -> None:
        """See Workspaces."""
        with self._site.write() as session:
            Places(session, ACTOR).set_visibility(name, visibility)


class LocalTeams:
    """Teams in the database of ``site``."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def create(self, name: str) -> None:
        """See Teams."""
        with self._site.write() as session:
            Places(session, ACTOR).create_team(name)

    def find(self) -> list[TeamRow]:
        """See Teams."""
        with self._site.read() as connection:
            return listings.teams(connection)

    def show(self, name: str) -> TeamDocument:
        """See Teams."""
        with self._site.read() as connection:
            return _team(connection, name)

    def usage(self, name: str) -> UsageDocument | None:
        """See Teams."""
        return self.show(name).usage

    def set(self, name: str, changes: Mapping[str, str | None], reason: str | None) -> TeamDocument:
        """See Teams."""
        with self._site.write() as session:
            Policies(session, ACTOR).change_team(name, changes, reason)
            session.flush()
            return _team(session.connection(), name)


class LocalKeys:
    """Keys in the database of ``site``."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def create(self, name: str, *, role: str, scope: str, days: int) -> str:
        """See Keys."""
        with self._site.write() as session:
            minted = Keys(session, ACTOR).create_with_robot(
                name, role=role, scope=scope, valid_for=timedelta(days=days)
            )
        return minted.secret

    def find(self) -> list[KeyRow]:
        """See Keys."""
        with self._site.read() as connection:
            return listings.keys(connection)

    def revoke(self, number: int) -> None:
        """See Keys."""
        with self._site.write() as session:
            Keys(session, ACTOR).revoke(number)


class LocalBackend:
    """The server of ``site``."""

    def __init__(self, site: Site) -> None:
        self._site = site

    @cached_property
    def packages(self) -> LocalPackages:
        """Its packages."""
        return LocalPackages(self._site)

    @cached_property
    def registries(self) -> LocalRegistries:
        """Its registries."""
        return LocalRegistries(self._site)

    @cached_property
    def workspaces(self) -> LocalWorkspaces:
        """Its workspaces."""
        return LocalWorkspaces(self._site)

    @cached_property
    def keys(self) -> LocalKeys:
        """Its keys."""
        return LocalKeys(self._site)

    @cached_property
    def people(self) -> LocalPeople:
        """Its people."""
        return LocalPeople(self._site)

    @cached_property
    def views(self) -> LocalViews:
        """Its views."""
        return LocalViews(self._site)

    @cached_property
    def questions(self) -> LocalQuestions:
        """What its views show and why."""
        return LocalQuestions(self._site)

    @cached_property
    def teams(self) -> LocalTeams:
        """Its teams."""
        return LocalTeams(self._site)


def _registry(connection: Connection, registry: Address) -> RegistryDocument:
    place = find_place(connection, *registry)
    usage = registry_usage(connection, place.id)
    return registry_document(registry, place.kind, place.team, place.policy, usage)


def _team(connection: Connection, name: str) -> TeamDocument:
    team_id, policy = find_team(connection, name)
    return team_document(name, policy, team_usage(connection, team_id))
