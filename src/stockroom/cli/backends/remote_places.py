"""Where the API has what commands name."""

from __future__ import annotations

from stockroom.cli.backends.client import Client
from stockroom.cli.backends.protocols import Address
from stockroom.manage.people.rows import WorkspaceReport

SERVER = "*"
TEAM = "team:"

Steps = tuple[str, ...]


def find_place(client: Client, scope: str) -> tuple[str, Steps]:
    """The team that owns a scope ("" for the server), and the steps to it."""
    if scope == SERVER:
        return "", ()
    if scope.startswith(TEAM):
        team = scope.removeprefix(TEAM)
        return team, ("teams", team)
    workspace, *rest = scope.split("/", 2)
    steps: Steps = ("workspaces", workspace)
    found = client.get(*steps).as_(WorkspaceReport)
    match rest:
        case [name] if name in found.views and name not in found.registries:
            steps = (*steps, "views", name)
        case [name]:
            steps = at_registry((workspace, name))
        case [name, package]:
            steps = (*at_registry((workspace, name)), "packages", package)
    return found.team, steps


def at_registry(registry: Address) -> Steps:
    """The steps to a registry."""
    workspace, name = registry
    return "workspaces", workspace, "registries", name
