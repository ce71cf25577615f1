"""The directory: every workspace, registry and view, in memory, renewed when one changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection

from stockroom.db import Database
from stockroom.feed import Change, CoherentCache, Feed
from stockroom.policies import RegistryPolicy, TeamPolicy, read_policy
from stockroom.resources import queries
from stockroom.security.acl import (
    Acl,
    readers_of,
    registry_acl,
    server_acl,
    team_acl,
    view_acl,
    workspace_acl,
)
from stockroom.security.scopes import SERVER, Scope

KINDS = ("team.", "workspace.", "registry.", "view.")
"""Prefixes of the events after which the directory is read again."""


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team, which owns workspaces."""

    id: int
    name: str
    policy: TeamPolicy
    acl: Acl = ()


@dataclass(frozen=True, slots=True)
class RegistryRow:
    """A registry as the tree knows it."""

    id: int
    name: str
    kind: str
    policy: RegistryPolicy
    team: TeamRow
    acl: Acl


class Member(NamedTuple):
    """A registry in a group of a view; ``filter`` is in the filter language, None shows all."""

    registry_id: int
    filter: str | None = None


Groups = tuple[tuple[Member, ...], ...]
"""The groups of a view in order of priority, each with its registries in order."""


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A view."""

    id: int
    name: str
    revision: int
    groups: Groups
    only_registry: int | None
    """The id of the registry whose packages it shows, if it shows one of its workspace alone."""
    acl: Acl
    foreign: tuple[tuple[int, frozenset[str]], ...] = ()
    """The ids of the registries of other workspaces that it shows, with who may read each."""


@dataclass(frozen=True, slots=True)
class WorkspaceRow:
    """A workspace with its registries and views by name."""

    id: int
    name: str
    visibility: str
    team: TeamRow
    registries: Mapping[str, RegistryRow]
    views: Mapping[str, ViewRow]
    acl: Acl


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The directory at one moment."""

    teams: Mapping[str, TeamRow]
    workspaces: Mapping[str, WorkspaceRow]
    registries: Mapping[int, RegistryRow]
    """Every registry by its id."""
    views_of_registry: Mapping[int, tuple[ViewRow, ...]]
    """The views that show a registry, by its id."""
    containing: Mapping[Scope, frozenset[Scope]]
    """The scopes in which a team, workspace, registry or view lies, itself included."""
    names: Mapping[Scope, str]
    """The same scopes, and the server, as people write them."""

    def name_of(self, scope: Scope) -> str | None:
        """A scope as people write it; None for what is gone."""
        if scope.kind != "package":
            return self.names.get(scope)
        registry = self.names.get(Scope("registry", scope.id))
        return f"{registry}/{scope.package}" if registry else None


class Directory:
    """Hands out the current snapshot; reading it anew takes one query."""

    def __init__(self, database: Database, feed: Feed) -> None:
        self._database = database
        self._kept: CoherentCache[None, None, Snapshot] = CoherentCache(1)
        feed.subscribe(self._changed)

    def snapshot(self) -> Snapshot:
        """The directory as of the last change."""
        kept = self._kept.get(None, None)
        return kept if kept is not None else self._kept.load(None, None, self._read)

    def containing(self, scope: Scope) -> frozenset[Scope]:
        """The scopes in which one lies: itself, the server, and what is between them."""
        outer = Scope("registry", scope.id) if scope.kind == "package" else scope
        return self.snapshot().containing.get(outer, frozenset({SERVER})) | {scope}

    def _changed(self, changes: Sequence[Change]) -> None:
        if any(change.kind.startswith(KINDS) for change in changes):
            self._kept.drop(None)

    def _read(self) -> Snapshot:
        with self._database.read() as connection:
            return read_snapshot(connection)


def read_snapshot(connection: Connection) -> Snapshot:
    """The directory as ``connection`` sees it."""
    return _snapshot(queries.places(connection))


def _snapshot(rows: Sequence[queries.PlaceRow]) -> Snapshot:
    teams = {row.team.id: row.team for row in rows}
    team_rows = {id_: _team(part) for id_, part in teams.items()}
    places = {row.workspace.id: row.workspace for row in rows if row.workspace is not None}
    owners = {id_: team_rows[place.team_id] for id_, place in places.items()}
    groups: dict[int, dict[int, list[Member]]] = {}
    registries: dict[int, dict[str, RegistryRow]] = {}
    readers = _readers(rows, places)
    for row in rows:
        if row.view_id is not None:
            mine = groups.setdefault(row.view_id, {})
            if row.priority is not None and row.registry is not None:
                member = Member(row.registry.id, row.filter)
                mine.setdefault(row.priority, []).append(member)
                kept = registries.setdefault(row.registry.workspace_id, {})
                if row.registry.name not in kept:
                    place = places[row.registry.workspace_id]
                    kept[row.registry.name] = _registry(row.registry, place, owners[place.id])
    views: dict[int, dict[str, ViewRow]] = {}
    shown: dict[int, dict[int, ViewRow]] = {}
    for row in rows:
        if row.workspace is None or row.view_id is None:
            continue
        known = views.setdefault(row.workspace.id, {})
        if row.view_name not in known:
            ordered = groups[row.view_id]
            groups_of_view = tuple(tuple(ordered[priority]) for priority in sorted(ordered))
            view = _view(row, row.workspace, groups_of_view, readers)
            known[view.name] = view
            for member in chain.from_iterable(view.groups):
                shown.setdefault(member.registry_id, {})[view.id] = view
    workspaces = {
        place.name: _workspace(place, owners[id_], registries.get(id_, {}), views.get(id_, {}))
        for id_, place in places.items()
    }
    return Snapshot(
        {team.name: team for team in team_rows.values()},
        workspaces,
        {row.id: row for mine in registries.values() for row in mine.values()},
        {id_: tuple(by_id.values()) for id_, by_id in shown.items()},
        _containing(workspaces.values()),
        _names(team_rows.values(), workspaces.values()),
    )


def _readers(
    rows: Sequence[queries.PlaceRow], places: Mapping[int, queries.WorkspacePart]
) -> dict[int, tuple[int, frozenset[str]]]:
    """The workspaces of the registries that views of others show, and who may read each."""
    found: dict[int, tuple[int, frozenset[str]]] = {}
    for row in rows:
        registry = row.registry
        if registry is None or row.workspace is None or registry.id in found:
            continue
        if registry.workspace_id != row.workspace.id:
            place = places[registry.workspace_id]
            around = workspace_acl(place.id, place.team_id, place.visibility)
            own = registry_acl(registry.id, place.visibility)
            found[registry.id] = (place.id, readers_of(own, around, server_acl()))
    return found


def _containing(workspaces: Iterable[WorkspaceRow]) -> dict[Scope, frozenset[Scope]]:
    found = {}
    for workspace in workspaces:
        team = Scope("team", workspace.team.id)
        found[team] = frozenset({SERVER, team})
        place = Scope("workspace", workspace.id)
        found[place] = found[team] | {place}
        for registry in workspace.registries.values():
            scope = Scope("registry", registry.id)
            found[scope] = found[place] | {scope}
        for view in workspace.views.values():
            scope = Scope("view", view.id)
            only = view.only_registry
            within = frozenset() if only is None else {Scope("registry", only)}
            found[scope] = found[place] | {scope} | within
    return found


def _names(teams: Iterable[TeamRow], workspaces: Iterable[WorkspaceRow]) -> dict[Scope, str]:
    found = {SERVER: "*"}
    found.update((Scope("team", team.id), f"team:{team.name}") for team in teams)
    for workspace in workspaces:
        found[Scope("workspace", workspace.id)] = workspace.name
        for registry in workspace.registries.values():
            found[Scope("registry", registry.id)] = f"{workspace.name}/{registry.name}"
        for view in workspace.views.values():
            found[Scope("view", view.id)] = f"{workspace.name}/{view.name}"
    return found


def _team(row: queries.TeamPart) -> TeamRow:
    return TeamRow(row.id, row.name, read_policy(TeamPolicy, row.settings), team_acl(row.id))


def _registry(
    row: queries.RegistryPart, workspace: queries.WorkspacePart, team: TeamRow
) -> RegistryRow:
    policy = read_policy(RegistryPolicy, row.settings)
    acl = registry_acl(row.id, workspace.visibility)
    return RegistryRow(row.id, row.name, row.kind, policy, team, acl)


def _view(
    row: queries.PlaceRow,
    workspace: queries.WorkspacePart,
    groups: Groups,
    readers: Mapping[int, tuple[int, frozenset[str]]],
) -> ViewRow:
    """A view; ``readers`` are the workspaces of registries that others show, and who may read."""
    assert row.view_id is not None  # noqa: S101 - the caller has looked
    members = tuple(dict.fromkeys(member.registry_id for member in chain.from_iterable(groups)))
    foreign = tuple(
        (id_, readers[id_][1])
        for id_ in members
        if id_ in readers and readers[id_][0] != workspace.id
    )
    only = members[0] if len(members) == 1 and not foreign else None
    # Names of registries and views are one space, so that it is the view of that registry.
    is_default = row.registry is not None and row.registry.name == row.view_name
    acl = view_acl(row.view_id, only, workspace.visibility, is_default=is_default)
    return ViewRow(row.view_id, row.view_name, row.view_revision, groups, only, acl, foreign)


def _workspace(
    row: queries.WorkspacePart,
    team: TeamRow,
    registries: Mapping[str, RegistryRow],
    views: Mapping[str, ViewRow],
) -> WorkspaceRow:
    acl = workspace_acl(row.id, team.id, row.visibility)
    return WorkspaceRow(row.id, row.name, row.visibility, team, registries, views, acl)
