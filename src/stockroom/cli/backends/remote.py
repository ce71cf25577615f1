"""Another server, by its API."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from msgspec.structs import astuple

from stockroom.cli.backends.client import Client
from stockroom.cli.backends.protocols import Address
from stockroom.cli.backends.remote_keys import RemoteKeys
from stockroom.cli.backends.remote_packages import RemotePackages
from stockroom.cli.backends.remote_people import RemotePeople
from stockroom.cli.backends.remote_places import at_registry
from stockroom.cli.backends.remote_questions import RemoteQuestions
from stockroom.cli.backends.remote_views import RemoteViews
from stockroom.manage.people.rows import RegistrySummary, WorkspaceReport
from stockroom.manage.reports.rows import (
    BurntReport,
    PlanDocument,
    RegistryDocument,
    RegistryRow,
    TeamDocument,
    TeamRow,
    UsageDocument,
    WorkspaceRow,
)


class RemoteRegistries:
    """Registries of the server that ``client`` speaks to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, registry: Address) -> None:
        """See Registries."""
        workspace, name = registry
        steps = ("workspaces", workspace, "registries")
        self._client.send("POST", *steps, body={"name": name})

    def find(self) -> list[RegistryRow]:
        """See Registries; those that the key may read."""
        return [
            RegistryRow(f"{workspace.name}/{row.name}", *astuple(row)[1:])
            for workspace in self._client.rows(WorkspaceReport, "workspaces", "workspaces")
            for row in self._client.rows(
                RegistrySummary, "registries", "workspaces", workspace.name, "registries"
            )
        ]

    def show(self, registry: Address) -> RegistryDocument:
        """See Registries."""
        return self._client.get(*at_registry(registry)).as_(RegistryDocument)

    def set(
        self, registry: Address, changes: Mapping[str, str | None], reason: str | None
    ) -> RegistryDocument:
        """See Registries."""
        body = {"settings": changes, "reason": reason}
        return self._client.send("PATCH", *at_registry(registry), body=body).as_(RegistryDocument)

    def plan(self, registry: Address) -> PlanDocument:
        """See Registries."""
        return self._client.get(*at_registry(registry), "retention").as_(PlanDocument)

    def apply(self, registry: Address) -> PlanDocument:
        """See Registries."""
        body = {"digest": self.plan(registry).digest}
        steps = (*at_registry(registry), "retention")
        return self._client.send("POST", *steps, body=body).as_(PlanDocument)

    def burnt(self, registry: Address, package: str) -> list[BurntReport]:
        """See Registries."""
        steps = (*at_registry(registry), "burnt-filenames")
        return list(self._client.rows(BurntReport, "burnt_filenames", *steps, package=package))

    def unburn(self, registry: Address, filename: str) -> None:
        """See Registries."""
        self._client.send("DELETE", *at_registry(registry), "burnt-filenames", filename)


class RemoteWorkspaces:
    """Workspaces of the server that ``client`` speaks to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, name: str, visibility: str, team: str | None) -> None:
        """See Workspaces."""
        steps, body = ("teams", team or name), {"name": name, "visibility": visibility}
        if team is None and self._client.find(*steps) is None:
            self._client.send("POST", "teams", body={"name": name})
        self._client.send("POST", *steps, "workspaces", body=body)

    def find(self) -> list[WorkspaceRow]:
        """See Workspaces; those that the key may read."""
        return [
            WorkspaceRow(row.name, row.team, row.visibility, len(row.registries), row.created_at)
            for row in self._client.rows(WorkspaceReport, "workspaces", "workspaces")
        ]

    def set_visibility(self, name: str, visibility: str) -> None:
        """See Workspaces."""
        self._client.send("PATCH", "workspaces", name, body={"visibility": visibility})


class RemoteTeams:
    """Teams of the server that ``client`` speaks to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, name: str) -> None:
        """See Teams."""
        self._client.send("POST", "teams", body={"name": name})

    def find(self) -> list[TeamRow]:
        """See Teams; those that the key may see."""
        return list(self._client.rows(TeamRow, "teams", "teams"))

    def show(self, name: str) -> TeamDocument:
        """See Teams."""
        return self._client.get("teams", name).as_(TeamDocument)

    def usage(self, name: str) -> UsageDocument | None:
        """See Teams."""
        found = self._client.find("teams", name)
        return None if found is None else found.as_(TeamDocument).usage

    def set(self, name: str, changes: Mapping[str, str | None], reason: str | None) -> TeamDocument:
        """See Teams."""
        body = {"settings": changes, "reason": reason}
        return self._client.send("PATCH", "teams", name, body=body).as_(TeamDocument)


class RemoteBackend:
    """The server that ``client`` speaks to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @cached_property
    def packages(self) -> RemotePackages:
        """Its packages."""
        return RemotePackages(self._client)

    @cached_property
    def registries(self) -> RemoteRegistries:
        """Its registries."""
        return RemoteRegistries(self._client)

    @cached_property
    def workspaces(self) -> RemoteWorkspaces:
        """Its workspaces."""
        return RemoteWorkspaces(self._client)

    @cached_property
    def keys(self) -> RemoteKeys:
        """Its keys."""
        return RemoteKeys(self._client)

    @cached_property
    def people(self) -> RemotePeople:
        """Its people."""
        return RemotePeople(self._client)

    @cached_property
    def views(self) -> RemoteViews:
        """Its views."""
        return RemoteViews(self._client)

    @cached_property
    def questions(self) -> RemoteQuestions:
        """What its views show and why."""
        return RemoteQuestions(self._client)

    @cached_property
    def teams(self) -> RemoteTeams:
        """Its teams."""
        return RemoteTeams(self._client)
